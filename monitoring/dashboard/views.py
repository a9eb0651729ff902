"""The managers' dashboard: the page, its part that is fetched again, and the acknowledging of alerts."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from monitoring.dashboard.page import look, page_context
from monitoring.dashboard.ranges import range_named
from monitoring.dashboard.sections.hands import ACKNOWLEDGE
from monitoring.models import Alert
from monitoring.services.alert_list import AlertOver, acknowledge

VIEW = "monitoring.view_dashboard"


def site_context(request: HttpRequest, title: str) -> dict[str, Any]:
    """Return what every page of the dashboard needs of the admin's frame."""
    return {**admin.site.each_context(request), "title": title, "is_nav_sidebar_enabled": False}


@login_required
@permission_required(VIEW, raise_exception=True)
@never_cache
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show whether all is well, what needs a hand, what it costs, and the rest; `?range=` of RANGES."""
    seen = look(range_named(request.GET.get("range")))
    context = {
        **site_context(request, _("Dashboard")),
        **page_context(seen, request.user),
        "etag": seen.etag(request.user),
    }
    return TemplateResponse(request, "dashboard/page.html", context)


@login_required
@permission_required(VIEW, raise_exception=True)
@never_cache
@require_safe
def dashboard_live(request: HttpRequest) -> HttpResponse:
    """Return the changing part of the page; 304 while what `If-None-Match` names is still right."""
    seen = look(range_named(request.GET.get("range")))
    etag = seen.etag(request.user)
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    context = page_context(seen, request.user)
    return TemplateResponse(request, "dashboard/live.html", context, headers={"ETag": etag})


@login_required
@permission_required(VIEW, raise_exception=True)
@permission_required(ACKNOWLEDGE, raise_exception=True)
@require_POST
def alert_acknowledge(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Note that this member of staff has seen the alert; back to the alerts."""
    try:
        acknowledge(alert_id, by=request.user.get_username())
    except AlertOver:
        messages.info(request, _("The alert is over already."))
    except Alert.DoesNotExist:
        raise Http404 from None
    chosen = range_named(request.POST.get("range"))
    return redirect(f"{reverse('dashboard')}?range={chosen.key}#alerts")
