"""What circuit breakers did by themselves, and what staff did to them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CircuitState(models.TextChoices):
    """The names of the breakers' own states, in lower case."""

    CLOSED = "closed", _("closed (calls pass)")
    HALF_OPEN = "half_open", _("half-open (one call tries)")
    OPEN = "open", _("open (no calls)")


class Cause(models.TextChoices):
    AUTOMATIC = "automatic", _("by itself")
    MANUAL = "manual", _("by hand")


class BreakerEvent(models.Model):
    """One transition of one circuit. Those by hand are the audit; the others are kept as well as may be."""

    name = models.CharField(_("circuit"), max_length=200)
    was = models.CharField(_("was"), max_length=10, choices=CircuitState)
    now = models.CharField(_("became"), max_length=10, choices=CircuitState)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    staff = models.CharField(_("staff"), max_length=150, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")
        default_permissions = ("view",)
        permissions = [("operate_breaker", _("Can open and close circuits by hand"))]
        indexes = [
            models.Index(fields=("-at",), name="breaker_event_at"),  # the admin's list
            models.Index(fields=("name", "-id"), name="breaker_event_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_now_display()}"
