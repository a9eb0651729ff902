"""The page of costs: what the models cost in a span of days, and what was saved."""

from collections.abc import Iterable
from decimal import Decimal

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from botsite.admin import ModelAdmin
from botsite.spreadsheets import csv_download
from conversations.admin.costs_chart import bars
from conversations.models import Run
from conversations.services import costs
from conversations.services.budget_standing import standings
from conversations.services.costs import By, Cost
from conversations.span_form import SpanForm

TOP_USERS = 10
_CUSTOMER = "admin:conversations_whatsappuser_change"
_NANO = Decimal("1e-9")
_COLUMNS = (
    "id",
    "name",
    "runs",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "cost_usd",
    "baseline_usd",
    "compared_usd",
    "saved_usd",
    "runs_with_unknown_usage",
    "runs_with_unknown_price",
)


class CostsForm(SpanForm):
    """The days to show, and for a download what the lines are by."""

    by = forms.ChoiceField(required=False, choices=[(by.value, by.value) for by in By])


class CostsViews:
    """The page and its tables for download, for those who may see runs."""

    def __init__(self, model_admin: ModelAdmin[Run]) -> None:
        self.model_admin = model_admin

    def page(self, request: HttpRequest) -> HttpResponse:
        """Today, the span, its providers, days, channels and dearest customers, and the budgets."""
        self._require_view(request)
        form = CostsForm(request.GET or None)
        span = form.cleaned_data["span"] if form.is_bound and form.is_valid() else costs.this_month()
        if not form.is_bound:
            form = CostsForm(initial={"since": span.first, "until": span.last})
        days = costs.by_day(span)
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": _("Costs"),
            "opts": self.model_admin.opts,
            "form": form,
            "span": span,
            "today": costs.total(costs.today()),
            "total": costs.total(span),
            "providers": costs.by_provider(span),
            "channels": costs.by_channel(span),
            "users": costs.by_user(span, limit=TOP_USERS),
            "days": days,
            "bars": bars(span, days),
            "budgets": standings(),
            "listings": _listings(),
            "customer_url": _CUSTOMER if request.user.has_perm("conversations.view_whatsappuser") else "",
        }
        return TemplateResponse(request, "admin/conversations/run/costs.html", context)

    def table(self, request: HttpRequest) -> HttpResponseBase:
        """All lines of one kind (`?by=`, provider when it is not given) as CSV."""
        self._require_view(request)
        form = CostsForm(request.GET)
        if not form.is_valid():
            text = " ".join(str(message) for errors in form.errors.values() for message in errors)
            return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
        by, span = By(form.cleaned_data["by"] or By.PROVIDER), form.cleaned_data["span"]
        name = f"costs-{by}-{span.first}-{span.last}.csv"
        return csv_download(name, _COLUMNS, map(_row, costs.lines(by, span)))

    def _require_view(self, request: HttpRequest) -> None:
        if not request.user.has_perm("conversations.view_budget"):
            raise PermissionDenied


def _listings() -> Iterable[tuple[str, str]]:
    return (
        (By.PROVIDER, _("by provider")),
        (By.DAY, _("by day")),
        (By.MONTH, _("by month")),
        (By.CHANNEL, _("by channel")),
        (By.USER, _("by customer")),
    )


def _row(line: Cost) -> list[object]:
    return [
        "" if line.key is None else str(line.key),
        line.name,
        line.runs,
        line.input_tokens,
        line.cached_tokens,
        line.output_tokens,
        *map(_amount, (line.cost_usd, line.baseline_usd, line.compared_usd, line.saved_usd)),
        line.unknown_usage,
        line.unknown_price,
    ]


def _amount(usd: Decimal | None) -> Decimal | None:
    return None if usd is None else usd.quantize(_NANO)
