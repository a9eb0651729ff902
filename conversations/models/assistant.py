"""What staff can change about the assistant: what its models cost, and which of them suit which messages."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from conversations.llm.providers import PROVIDERS


def provider_choices() -> list[tuple[str, str]]:
    """Return the providers we can speak to; a function, so that a new one needs no migration."""
    return [(row.name, row.name) for row in PROVIDERS]


class ModelPrice(models.Model):
    """A price of a model: conversations.llm.pricing.Price as a row."""

    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(
        _("model"), max_length=80, help_text=_("The price holds for dated versions of the model too.")
    )
    valid_from = models.DateField(
        _("valid from"),
        help_text=_(
            "UTC. The rows of a model with the latest date that has come are its price list; older ones "
            "are kept for the books."
        ),
    )
    input = models.DecimalField(
        _("input, USD per million tokens"), max_digits=12, decimal_places=6, validators=[MinValueValidator(0)]
    )
    cached = models.DecimalField(
        _("cached input, USD per million tokens"),
        max_digits=12,
        decimal_places=6,
        validators=[MinValueValidator(0)],
        null=True,
        blank=True,
        help_text=_("Empty: as other input."),
    )
    output = models.DecimalField(
        _("output, USD per million tokens"),
        max_digits=12,
        decimal_places=6,
        validators=[MinValueValidator(0)],
    )
    from_input_tokens = models.PositiveIntegerField(
        _("for prompts from"), default=0, help_text=_("Input tokens from which on this price holds.")
    )
    weekdays = models.CharField(
        _("weekdays"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^[1-7]*$", _("Write the days as digits: 1 is Monday, 7 is Sunday."))],
        help_text=_("Of the peak hours: 12345 is Monday to Friday; empty: every day."),
    )
    starts_at = models.TimeField(
        _("peak hours from"), null=True, blank=True, help_text=_("UTC; empty: the price holds all day.")
    )
    ends_at = models.TimeField(_("peak hours until"), null=True, blank=True, help_text=_("UTC."))

    class Meta:
        verbose_name = _("model price")
        verbose_name_plural = _("model prices")
        ordering = ("provider", "model", "-valid_from", "from_input_tokens", "starts_at")
        constraints = [
            models.UniqueConstraint(
                fields=("provider", "model", "valid_from", "from_input_tokens"),
                condition=Q(starts_at=None),
                name="model_price_one_for_all_day",
                violation_error_message=_("There is a price of this model from this day on already."),
            ),
            models.UniqueConstraint(
                fields=("provider", "model", "valid_from", "from_input_tokens", "weekdays", "starts_at"),
                condition=Q(starts_at__isnull=False),
                name="model_price_one_per_window",
                violation_error_message=_("There is a price of this model for these hours already."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None, ends_at=None)
                | Q(starts_at__isnull=False, ends_at__isnull=False) & ~Q(starts_at=F("ends_at")),
                name="model_price_whole_window",
                violation_error_message=_("Peak hours have a beginning and another end, or neither."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.model} · {self.valid_from}"


class RouteTier(models.TextChoices):
    SIMPLE = "simple", _("simple")
    MEDIUM = "medium", _("medium")
    COMPLEX = "complex", _("complex")


class RouteChoice(models.Model):
    """A model that suits a tier of messages: conversations.llm.router.Choice as a row."""

    tier = models.CharField(_("messages"), max_length=10, choices=RouteTier)
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, help_text=_("The lowest comes first where costs are equal.")
    )
    provider = models.CharField(_("provider"), max_length=40, choices=provider_choices)
    model = models.CharField(
        _("model"), max_length=80, blank=True, help_text=_("Empty: the one that the provider is set to.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering = ("tier", "position", "id")
        constraints = [
            models.UniqueConstraint(fields=("tier", "provider", "model"), name="route_choice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_tier_display()} · {self.provider} {self.model}".rstrip()
