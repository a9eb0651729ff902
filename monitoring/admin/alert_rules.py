"""The alert rules: what each means, and the few things about it that staff may change."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from botsite.ago import ago
from conversations.admin.base import badge
from monitoring.alerts.rule_words import condition_text, shipped_text
from monitoring.alerts.rules import RULES
from monitoring.models import AlertRule, AlertState


@admin.register(AlertRule)
class AlertRuleAdmin(ModelAdmin[AlertRule]):
    """Shipped rules: none is added or deleted, any may be switched off."""

    list_display = ("title", "severity_badge", "condition", "is_enabled", "firing", "known")
    fieldsets = (
        (None, {"fields": ("title", "meaning", "action", "condition", "shipped")}),
        (
            _("Changes"),
            {
                "fields": (
                    "is_enabled",
                    "own_severity",
                    "own_threshold",
                    "own_window_seconds",
                    "own_hold_seconds",
                    "own_minimum",
                ),
                "description": _("What is empty is as shipped, also after an update."),
            },
        ),
    )
    readonly_fields = ("title", "meaning", "action", "condition", "shipped")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        firing = Count("alerts", filter=Q(alerts__state=AlertState.FIRING))
        return super().get_queryset(request).filter(slug__in=RULES).annotate(firing_count=firing)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        return False

    @admin.display(description=_("rule"), ordering="slug")
    def title(self, rule: AlertRule) -> str:
        return rule.title

    @admin.display(description=_("severity"))
    def severity_badge(self, rule: AlertRule) -> SafeString:
        return badge(rule.severity.value, str(rule.severity.label))

    @admin.display(description=_("fires when"))
    def condition(self, rule: AlertRule) -> str:
        return condition_text(rule)

    @admin.display(description=_("as shipped"))
    def shipped(self, rule: AlertRule) -> str:
        return shipped_text(rule)

    @admin.display(description=_("what it means"))
    def meaning(self, rule: AlertRule) -> str:
        return str(rule.definition.meaning) if rule.definition else ""

    @admin.display(description=_("what to do"))
    def action(self, rule: AlertRule) -> str:
        return str(rule.definition.action) if rule.definition else ""

    @admin.display(description=_("firing"), ordering="firing_count")
    def firing(self, rule: Any) -> SafeString | str:
        return badge("down", str(rule.firing_count)) if rule.firing_count else "0"

    @admin.display(description=_("last known"), ordering="known_at")
    def known(self, rule: AlertRule) -> str:
        if rule.known_at is None:
            return "–"
        return ago(rule.known_at)
