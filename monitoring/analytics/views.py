"""The pages of past days, and their tables for download."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from botsite.spreadsheets import csv_download
from monitoring.analytics.days import days
from monitoring.analytics.forms import DaysForm, usual_span
from monitoring.analytics.page import COLUMNS, csv_rows, days_context
from monitoring.analytics.visits import visit_tiles
from monitoring.dashboard.links import Links
from monitoring.dashboard.views import VIEW, site_context
from sessions_app.models import Channel


@login_required
@permission_required(VIEW, raise_exception=True)
@never_cache
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Show conversations, shopping sessions and orders (`?since=&until=&channel=`; the last 30 days)."""
    form = DaysForm(request.GET or None)
    channel: Channel | None = None
    span = usual_span()
    if form.is_bound and form.is_valid():
        span, channel = form.cleaned_data["span"], form.cleaned_data["channel"]
    if not form.is_bound:
        form = DaysForm(initial={"since": span.first, "until": span.last})
    context = {
        **site_context(request, _("Conversations and sessions")),
        **days_context(days(span, channel.pk if channel else None), span),
        "form": form,
        "span": span,
        "channel": channel,
        "visits": visit_tiles(span, channel, Links(request.user)),
    }
    return TemplateResponse(request, "dashboard/sessions.html", context)


@login_required
@permission_required(VIEW, raise_exception=True)
@never_cache
@require_safe
def sessions_csv(request: HttpRequest) -> HttpResponseBase:
    """Return a line for each day and channel as CSV; 400 for days that are none."""
    form = DaysForm(request.GET)
    if not form.is_valid():
        text = " ".join(str(message) for errors in form.errors.values() for message in errors)
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    span, channel = form.cleaned_data["span"], form.cleaned_data["channel"]
    rows = days(span, channel.pk if channel else None)
    return csv_download(f"sessions-{span.first}-{span.last}.csv", COLUMNS, csv_rows(rows))
