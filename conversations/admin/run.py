"""Runs: what was asked of which model, what it used, and what went wrong."""

from django.contrib import admin
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin, badge
from conversations.admin.costs import CostsViews
from conversations.models import Run


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_display = (
        "started_at",
        "customer",
        "state_badge",
        "provider",
        "model",
        "tier",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "usage_unknown",
        "degraded",
        "error",
    )
    list_filter = ("state", "tier", "provider", "usage_unknown", "degraded", "thread__user__channel")
    list_select_related = ("thread__user",)
    search_fields = ("=response_id", "error", "model")
    ordering = ("-started_at",)
    fields = (
        "thread",
        "state",
        ("provider", "model"),
        ("tier", "intent"),
        "route",
        ("input_tokens", "cached_tokens", "output_tokens"),
        ("cost_usd", "baseline_usd", "saved_usd"),
        "usage_unknown",
        "degraded",
        "error",
        "response_id",
        "epoch",
        ("started_at", "finished_at"),
    )

    def get_urls(self) -> list[URLPattern]:
        views = CostsViews(self)
        own = [
            path("costs/", self.admin_site.admin_view(views.page), name="costs"),
            path("costs.csv", self.admin_site.admin_view(views.table), name="costs_csv"),
        ]
        return own + super().get_urls()

    @admin.display(description=_("user"), ordering="thread__user__name")
    def customer(self, run: Run) -> str:
        return str(run.thread.user) if run.thread else "–"

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, run: Run) -> SafeString:
        return badge(run.state, run.get_state_display())
