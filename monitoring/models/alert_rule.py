"""What staff changed of the shipped rules."""

from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.alerts.definition import RuleDefinition
from monitoring.alerts.rules import RULES
from monitoring.alerts.severity import Severity


class AlertRule(models.Model):
    """One rule of monitoring/alerts/rules.py; a field that is empty is as shipped."""

    slug = models.SlugField(_("rule"), max_length=60, unique=True, editable=False)
    is_enabled = models.BooleanField(_("on"), default=True)
    own_severity = models.CharField(_("severity"), max_length=10, choices=Severity, blank=True)
    own_threshold = models.FloatField(_("threshold"), null=True, blank=True)
    own_window_seconds = models.PositiveIntegerField(
        _("window (seconds)"), null=True, blank=True, validators=[MinValueValidator(60)]
    )
    own_hold_seconds = models.PositiveIntegerField(_("for at least (seconds)"), null=True, blank=True)
    own_minimum = models.PositiveIntegerField(_("minimum sample"), null=True, blank=True)
    evaluated_at = models.DateTimeField(_("last evaluated"), null=True, blank=True, editable=False)
    known_at = models.DateTimeField(_("last known"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        default_permissions = ("view", "change")
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.title

    @property
    def definition(self) -> RuleDefinition | None:
        """The rule as shipped; None for one that this version does not have any more."""
        return RULES.get(self.slug)

    @property
    def title(self) -> str:
        return str(self.definition.title) if self.definition else self.slug

    @property
    def severity(self) -> Severity:
        return Severity(self.own_severity or self._shipped.severity)

    @property
    def threshold(self) -> float:
        return self._shipped.threshold if self.own_threshold is None else self.own_threshold

    @property
    def window(self) -> timedelta:
        """How far back it looks; zero for rules about how things stand now."""
        own = self.own_window_seconds
        return self._shipped.window if own is None else timedelta(seconds=own)

    @property
    def hold(self) -> timedelta:
        """For how long the threshold must be passed before it fires."""
        own = self.own_hold_seconds
        return self._shipped.hold if own is None else timedelta(seconds=own)

    @property
    def minimum(self) -> int:
        """The number of samples below which nothing is concluded."""
        return self._shipped.minimum if self.own_minimum is None else self.own_minimum

    @property
    def _shipped(self) -> RuleDefinition:
        return RULES[self.slug]
