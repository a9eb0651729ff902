"""Log-ins that fail too often: the pair of account and address is shut out for a while (django-axes)."""

import math
from collections.abc import Mapping
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib import admin
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from botsite.client_address import client_address
from botsite.telemetry.reports import report_security_event


def address_of(request: HttpRequest) -> str:
    """Return whose attempts are counted together (AXES_CLIENT_IP_CALLABLE).

    Behind a proxy that nobody declared it is the proxy, and an account is shut out for all who use it.
    """
    return str(client_address(request) or request.META.get("REMOTE_ADDR") or "127.0.0.1")


def locked_out(request: HttpRequest, _credentials: Mapping[str, Any] | None) -> HttpResponse:
    """Answer for somebody who is shut out (AXES_LOCKOUT_CALLABLE); it does not tell if the account exists."""
    seconds = settings.AXES_COOLOFF_TIME.total_seconds()
    context = {
        **admin.site.each_context(request),
        "title": _("Too many attempts"),
        "minutes": math.ceil(seconds / 60),
    }
    response = render(request, "admin/locked_out.html", context, status=429)
    response["Retry-After"] = str(math.ceil(seconds))
    return response


@receiver(user_locked_out)
def _report(request: HttpRequest, ip_address: str, **_values: Any) -> None:
    """Tell of the moment of shutting out, not of each attempt after it; what was typed is not repeated."""
    if getattr(request, "axes_failures_since_start", None):
        report_security_event("login_lockout", address=ip_address)
