"""The customer's visit to the shop: a cart, and what was talked about."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models import WhatsAppUser
from conversations.shop.models.catalogue import Product

MOST_OF_ONE = 999
"""How many of one product fit into a cart."""


class SessionState(models.TextChoices):
    BROWSING = "browsing", _("browsing")
    CART = "cart", _("filling the cart")
    ORDERED = "ordered", _("has ordered")


class CustomerSession(models.Model):
    """A customer has one open session at the most; one that has expired is closed or cleaned away.

    `cart_version` grows with every change of the cart but ordering it, so that an order knows its cart.
    """

    user = models.ForeignKey(
        WhatsAppUser, on_delete=models.CASCADE, related_name="+", verbose_name=_("customer")
    )
    state = models.CharField(_("state"), max_length=10, choices=SessionState, default=SessionState.BROWSING)
    context = models.JSONField(_("context"), default=dict, blank=True)
    cart_version = models.PositiveIntegerField(default=0, editable=False)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer session")
        verbose_name_plural = _("customer sessions")
        constraints = [
            models.UniqueConstraint(
                fields=("user",), condition=Q(closed_at__isnull=True), name="session_one_open_per_user"
            ),
        ]
        indexes = [models.Index(fields=("expires_at",), name="session_expiry")]

    def __str__(self) -> str:
        return f"{self.user} · {self.pk}"


class CartItem(models.Model):
    """One product in a cart. Its price is the product's until it is ordered."""

    session = models.ForeignKey(CustomerSession, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="+", verbose_name=_("product")
    )
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("cart item")
        verbose_name_plural = _("cart")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=("session", "product"), name="cart_item_unique"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MOST_OF_ONE), name="cart_item_quantity_bounded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"
