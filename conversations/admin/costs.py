"""The page of costs: what the models cost in a span of days, and what was saved."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from botsite.admin import ModelAdmin
from conversations.admin.costs_chart import bars
from conversations.models import Run
from conversations.services import costs
from conversations.services.budget_standing import standings
from conversations.services.costs import By, Cost, Span

LONGEST_DAYS = 366
TOP_USERS = 10
_CUSTOMER = "admin:conversations_whatsappuser_change"
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


class _DateInput(forms.DateInput):
    input_type = "date"


class SpanForm(forms.Form):
    """The days to show; without any this month until today."""

    since = forms.DateField(required=False, label=gettext_lazy("from"), widget=_DateInput(format="%Y-%m-%d"))
    until = forms.DateField(required=False, label=gettext_lazy("until"), widget=_DateInput(format="%Y-%m-%d"))
    by = forms.ChoiceField(required=False, choices=[(by.value, by.value) for by in By])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        month = costs.this_month()
        until: date = values.get("until") or month.last
        since: date = values.get("since") or until.replace(day=1)
        if until < since:
            raise forms.ValidationError(_("The last day is before the first."))
        if (until - since).days >= LONGEST_DAYS:
            raise forms.ValidationError(
                _("At most %(days)d days are shown at once.") % {"days": LONGEST_DAYS}
            )
        return values | {"span": Span(since, until)}


class CostsViews:
    """The page and its tables for download, for those who may see runs."""

    def __init__(self, model_admin: ModelAdmin[Run]) -> None:
        self.model_admin = model_admin

    def page(self, request: HttpRequest) -> HttpResponse:
        """Today, the span, its providers, days, channels and dearest customers, and the budgets."""
        self._require_view(request)
        form = SpanForm(request.GET or None)
        span = form.cleaned_data["span"] if form.is_bound and form.is_valid() else costs.this_month()
        if not form.is_bound:
            form = SpanForm(initial={"since": span.first, "until": span.last})
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

    def table(self, request: HttpRequest) -> HttpResponse:
        """All lines of one kind (`?by=`, provider when it is not given) as CSV."""
        self._require_view(request)
        form = SpanForm(request.GET)
        if not form.is_valid():
            text = " ".join(str(message) for errors in form.errors.values() for message in errors)
            return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
        by, span = By(form.cleaned_data["by"] or By.PROVIDER), form.cleaned_data["span"]
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        name = f"costs-{by}-{span.first}-{span.last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response.write("\ufeff")  # or spreadsheets take it for Latin-1
        writer = csv.writer(response)
        writer.writerow(_COLUMNS)
        writer.writerows(_row(line) for line in costs.lines(by, span))
        return response

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


def _row(line: Cost) -> list[str]:
    return [
        _cell(str(line.key)),
        _cell(line.name),
        str(line.runs),
        str(line.input_tokens),
        str(line.cached_tokens),
        str(line.output_tokens),
        *map(_amount, (line.cost_usd, line.baseline_usd, line.compared_usd, line.saved_usd)),
        str(line.unknown_usage),
        str(line.unknown_price),
    ]


def _amount(usd: Decimal | None) -> str:
    return "" if usd is None else f"{usd:.9f}"


def _cell(text: str) -> str:
    """A customer chooses the name: no spreadsheet is to take it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
