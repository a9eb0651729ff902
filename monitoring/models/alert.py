"""Alerts: what is wrong now, what was, and what people said to it."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.alerts.severity import Severity
from monitoring.models.alert_rule import AlertRule

if TYPE_CHECKING:
    from datetime import datetime


class AlertState(models.TextChoices):
    PENDING = "pending", _("pending")
    FIRING = "firing", pgettext_lazy("one alert", "firing")
    RESOLVED = "resolved", _("resolved")


OPEN_STATES = (AlertState.PENDING, AlertState.FIRING)


class Alert(models.Model):
    """One thing that is wrong: at most one is open for a rule and scope, by constraint.

    `scope` says where (a provider, a channel), empty for the whole site. `value` and `threshold` are in the
    rule's unit. `occurrence` counts how often it has fired: one that fires again soon after its end is the
    same alert, opened again. `stale_since`: since then nothing is known, and it stays as it was.
    """

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts", verbose_name=_("rule"))
    scope = models.CharField(_("where"), max_length=200, blank=True)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    state = models.CharField(_("state"), max_length=10, choices=AlertState, default=AlertState.PENDING)
    value = models.FloatField(_("value"), null=True, blank=True)
    threshold = models.FloatField(_("threshold"))
    occurrence = models.PositiveIntegerField(_("times fired"), default=0)
    started_at = models.DateTimeField(_("began"))
    fired_at = models.DateTimeField(_("fired"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    stale_since = models.DateTimeField(_("without data since"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=150, blank=True)
    silenced_until = models.DateTimeField(_("silenced until"), null=True, blank=True)
    silenced_by = models.CharField(_("silenced by"), max_length=150, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        default_permissions = ("view",)
        permissions = [("acknowledge_alert", _("Can acknowledge and silence alerts"))]
        constraints = [
            models.UniqueConstraint(
                fields=("rule", "scope"),
                condition=Q(state__in=OPEN_STATES),
                name="alert_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=("-started_at",), name="alert_started"),  # the admin's list
            models.Index(
                fields=("rule", "scope", "-resolved_at"), name="alert_last_of_scope"
            ),  # opened again
            models.Index(fields=("resolved_at",), name="alert_resolved"),  # retention
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.scope})" if self.scope else self.title

    @property
    def title(self) -> str:
        """The rule's name, in the reader's language."""
        return self.rule.title

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged_at is not None

    @property
    def is_silenced(self) -> bool:
        until: datetime | None = self.silenced_until
        return until is not None and until > timezone.now()


class AlertEventKind(models.TextChoices):
    FIRED = "fired", _("fired")
    RESOLVED = "resolved", _("resolved")
    REOPENED = "reopened", _("fired again")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    SILENCED = "silenced", _("silenced")
    NOTED = "noted", _("noted")
    NOTIFIED = "notified", _("told")


class AlertEvent(models.Model):
    """One thing that happened to an alert; `by` is staff, or empty for the machinery."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    kind = models.CharField(_("what"), max_length=15, choices=AlertEventKind)
    by = models.CharField(_("by"), max_length=150, blank=True)
    value = models.FloatField(_("value"), null=True, blank=True)
    text = models.TextField(_("text"), blank=True)

    class Meta:
        verbose_name = _("alert's event")
        verbose_name_plural = _("alerts' events")
        default_permissions = ()
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.kind
