"""Budgets with what is spent of them beside them, and the alerts that they gave."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from conversations.admin.base import ReadOnlyAdmin, badge
from conversations.models import Budget, BudgetAlert, BudgetLevel
from conversations.services.budget_standing import Part, standing, with_books
from conversations.services.budgets import Step
from conversations.templatetags.money import usd

_STEPS = {
    Step.FULL: ("up", _("all models answer")),
    Step.CHEAPER: ("held", _("cheaper models answer")),
    Step.OFFLINE: ("down", _("spent: answers without a model")),
}


@admin.register(Budget)
class BudgetAdmin(ModelAdmin[Budget]):
    list_display = ("name", "step", "today", "daily_usd", "this_month", "monthly_usd", "warn_percent")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return with_books(super().get_queryset(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> tuple[str, ...]:
        # What was spent is the channel's: it cannot become another's.
        return ("channel", "today", "this_month", "step") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        limits = (None, {"fields": ("channel", ("daily_usd", "monthly_usd"), "warn_percent")})
        spent = (_("Now"), {"fields": ("step", "today", "this_month")})
        return (limits, spent) if obj else (limits,)

    @admin.display(description=_("channel"), ordering="channel__slug")
    def name(self, budget: Budget) -> str:
        return str(budget)

    @admin.display(description=_("spent today"))
    def today(self, budget: Budget) -> SafeString:
        return _spent(standing(budget).day)

    @admin.display(description=_("spent this month"))
    def this_month(self, budget: Budget) -> SafeString:
        return _spent(standing(budget).month)

    @admin.display(description=_("state"))
    def step(self, budget: Budget) -> SafeString:
        state, label = _STEPS[standing(budget).step]
        return badge(state, str(label))


@admin.register(BudgetAlert)
class BudgetAlertAdmin(ReadOnlyAdmin[BudgetAlert]):
    list_display = ("created_at", "budget", "level_badge", "period", "starts_on", "spent", "limit")
    list_filter = ("level", "period", "budget")
    list_select_related = ("budget__channel",)
    date_hierarchy = "created_at"
    fields = ("created_at", "budget", "level", ("period", "starts_on"), ("spent_usd", "limit_usd"))

    @admin.display(description=_("level"), ordering="level")
    def level_badge(self, alert: BudgetAlert) -> SafeString:
        return badge("held" if alert.level == BudgetLevel.WARN else "down", alert.get_level_display())

    @admin.display(description=_("spent"), ordering="spent_usd")
    def spent(self, alert: BudgetAlert) -> str:
        return usd(alert.spent_usd)

    @admin.display(description=_("limit"), ordering="limit_usd")
    def limit(self, alert: BudgetAlert) -> str:
        return usd(alert.limit_usd)


def _spent(part: Part) -> SafeString:
    percent = "" if part.percent is None else f"{part.percent} %"
    reserved = _("{usd} reserved").format(usd=usd(part.reserved)) if part.reserved else ""
    notes = " · ".join(filter(None, (percent, str(reserved))))
    return format_html('{} <span class="quiet">{}</span>', usd(part.spent), notes)
