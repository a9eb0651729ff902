"""The health page: every check, since when it is as it is, and how it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.health.strip import HOURS, SLOTS, Part
from monitoring.services.health_history import strips
from monitoring.services.health_names import may_follow
from monitoring.services.health_states import CheckState, Status, Uptime, states, uptimes


@dataclass(frozen=True, slots=True)
class Row:
    """A check with its past; `url` only for who may see the rows behind it."""

    state: CheckState
    uptime: Uptime
    strip: Sequence[Part]
    url: str | None


@login_required
@permission_required("monitoring.view_dashboard", raise_exception=True)
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Show all checks, those that are not well first. Three queries beside those of the session."""
    found = states()
    level, verdict = verdict_of(found)
    context = {
        **admin.site.each_context(request),
        "title": _("Health"),
        "is_nav_sidebar_enabled": False,
        "level": level,
        "verdict": verdict,
        "rows": _rows(request, found),
        "slots": SLOTS,
        "hours": HOURS,
        "now": timezone.now(),
    }
    return TemplateResponse(request, "dashboard/health.html", context)


def verdict_of(found: Sequence[CheckState]) -> tuple[str, str]:
    """Return the level (up, held or down) and the sentence that says what matters most now."""
    if not found or all(state.is_stale for state in found):
        return "held", _("Nobody is checking: how things are is not known.")
    for status, level, text in (
        (Status.DOWN, "down", _("Not working: %(names)s.")),
        (Status.DEGRADED, "held", _("Impaired: %(names)s.")),
    ):
        if names := [state.label for state in found if state.status == status]:
            return level, text % {"names": ", ".join(names)}
    unknown = sum(state.status == Status.UNKNOWN for state in found)
    if unknown:
        text = ngettext(
            "Nothing is wrong that is known; of %(count)d check nothing is known.",
            "Nothing is wrong that is known; of %(count)d checks nothing is known.",
            unknown,
        )
        return "held", text % {"count": unknown}
    return "up", _("All is well.")


def _rows(request: HttpRequest, found: Sequence[CheckState]) -> list[Row]:
    worst = {Status.DOWN: 0, Status.DEGRADED: 1, Status.UNKNOWN: 2, Status.UP: 3}
    past, drawn = uptimes(), strips(timezone.now())
    return [
        Row(
            state,
            past.get(state.name, Uptime(None, None, None)),
            drawn.get(state.name, ()),
            state.url if may_follow(request.user, state.name) else None,
        )
        for state in sorted(found, key=lambda state: worst[state.status])
    ]
