"""What is sold: products and the categories they are found under."""

from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Func, GeneratedField, Q, TextField
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Channel


class ProductVector(Func):
    """The tsvector of (name, description): the SQL function that the first migration makes."""

    function = "botsite_product_vector"
    arity = 2
    output_field = SearchVectorField()


class Spellings(Func):
    """A name as it is written and as it sounds: the SQL function that the first migration makes."""

    function = "botsite_spellings"
    arity = 1
    output_field = TextField()


class Category(models.Model):
    """A shelf of one channel or, with none set, of all. Customers may ask for it by its name."""

    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
        help_text=_("Empty: for all channels."),
    )
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Lower numbers come first.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("position", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("channel", "name"), condition=Q(channel__isnull=False), name="category_unique"
            ),
            models.UniqueConstraint(
                fields=("name",), condition=Q(channel__isnull=True), name="category_common_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something that is sold, by one channel or, with none set, by all.

    A channel's own product takes the place of the common one with the same SKU, also when it is not active.
    """

    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
        help_text=_("Empty: for all channels."),
    )
    category = models.ForeignKey(
        Category,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("category"),
    )
    sku = models.CharField(_("SKU"), max_length=64, help_text=_("Your own code of the product."))
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, validators=[MaxLengthValidator(5000)])
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="USD",
        validators=[RegexValidator("^[A-Z]{3}$", _("Three capital letters, such as USD or COP."))],
    )
    stock = models.PositiveIntegerField(_("stock"), null=True, blank=True, help_text=_("Empty: not counted."))
    is_active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    search = GeneratedField(
        expression=ProductVector("name", "description"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )
    spellings = GeneratedField(
        expression=Spellings("name"), output_field=TextField(), db_persist=True, editable=False
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=("channel", "sku"), condition=Q(channel__isnull=False), name="product_sku_unique"
            ),
            models.UniqueConstraint(
                fields=("sku",), condition=Q(channel__isnull=True), name="product_common_sku_unique"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_not_negative"),
        ]
        indexes = [
            GinIndex(fields=("search",), name="product_search"),
            GinIndex(fields=("spellings",), opclasses=("gin_trgm_ops",), name="product_spellings"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"

    def clean(self) -> None:
        """Refuse the category of another channel."""
        owner = self.category.channel_id if self.category else None
        if owner is not None and owner != self.channel_id:
            raise ValidationError({"category": _("This category belongs to another channel.")})
