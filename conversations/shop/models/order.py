"""Orders: what was bought, at the prices of that moment."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models import WhatsAppUser
from conversations.shop.models.catalogue import Product
from conversations.shop.models.session import CustomerSession
from sessions_app.models import Channel


class OrderState(models.TextChoices):
    PLACED = "placed", _("placed")
    CONFIRMED = "confirmed", _("confirmed")
    SHIPPED = "shipped", _("shipped")
    DELIVERED = "delivered", _("delivered")
    CANCELLED = "cancelled", _("cancelled")


class OrderNumber(models.Model):
    """The last number that a channel gave to an order; the row is the queue of those who want the next."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.last}"


class Order(models.Model):
    """Placed by a customer; staff take it on from there. It outlives the customer's erasure, without a name.

    A cart as it stood (`session`, `cart_version`) becomes one order at the most, and so does a `request_key`.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    user = models.ForeignKey(
        WhatsAppUser,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("customer"),
    )
    session = models.ForeignKey(
        CustomerSession, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    cart_version = models.PositiveIntegerField(editable=False)
    request_key = models.CharField(max_length=100, blank=True, editable=False)
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=OrderState, default=OrderState.PLACED)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("customer's note"), max_length=500, blank=True)
    placed_at = models.DateTimeField(_("placed"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=("channel", "number"), name="order_number_unique"),
            models.UniqueConstraint(
                fields=("session", "cart_version"),
                condition=Q(session__isnull=False),
                name="order_one_per_cart",
            ),
            models.UniqueConstraint(
                fields=("user", "request_key"),
                condition=Q(user__isnull=False) & ~Q(request_key=""),
                name="order_one_per_request",
            ),
        ]
        indexes = [models.Index(fields=("-placed_at",), name="order_placed")]  # the admin's list

    def __str__(self) -> str:
        return f"{self.channel} #{self.number}"


class OrderItem(models.Model):
    """A line of an order, frozen. `taken` is what it took from a counted stock; a cancel gives it back."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    unit_price = models.DecimalField(_("unit price"), max_digits=12, decimal_places=2)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    taken = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("order item")
        verbose_name_plural = _("items")
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity
