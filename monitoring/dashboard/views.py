"""The managers' dashboard: one honest page."""

from dataclasses import asdict

from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.models import Direction
from conversations.services.attention import Attention, attention
from monitoring.dashboard import figures
from monitoring.health.checks import CheckResult, run_checks


@login_required
@permission_required("monitoring.view_dashboard", raise_exception=True)
@never_cache
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the state of the stores, of inbox and outbox, and of today's work."""
    checks = run_checks()
    waiting = attention()
    counts = figures.state_counts()
    level, verdict = _verdict(checks, waiting, figures.late_users())
    context = {
        **admin.site.each_context(request),
        "title": _("Dashboard"),
        "is_nav_sidebar_enabled": False,
        "level": level,
        "verdict": verdict,
        "checks": {name: asdict(check) for name, check in checks.items()},
        "attention": waiting,
        "today": figures.today(),
        "inbox": counts[Direction.IN],
        "outbox": counts[Direction.OUT],
        "channels": figures.channels(),
    }
    return TemplateResponse(request, "dashboard/page.html", context)


def _verdict(checks: dict[str, CheckResult], waiting: Attention, late: int) -> tuple[str, str]:
    """Return the level (up, held or down) and the sentence that says what matters most now."""
    down = [name for name, check in checks.items() if check.status == "down"]
    if down:
        return "down", _("Not answering: %(names)s.") % {"names": ", ".join(down)}
    if late:
        text = ngettext(
            "%(count)d customer has waited for over a minute: is a worker running?",
            "%(count)d customers have waited for over a minute: is a worker running?",
            late,
        )
        return "down", text % {"count": late}
    if waiting.parked or waiting.unknown:
        count = waiting.parked + waiting.unknown
        text = ngettext(
            "%(count)d message could not be dealt with and needs a person.",
            "%(count)d messages could not be dealt with and need a person.",
            count,
        )
        return "held", text % {"count": count}
    if waiting.held:
        text = ngettext(
            "All is well; %(count)d question waits for a person.",
            "All is well; %(count)d questions wait for a person.",
            waiting.held,
        )
        return "held", text % {"count": waiting.held}
    return "up", _("All is well: every message is answered.")
