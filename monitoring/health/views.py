"""`/health/live` and `/health/ready`: open to all, so without names, versions or secrets."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.health.live_checks import run_checks
from monitoring.health.remembered import remembered_states
from monitoring.services.health_names import family_of
from monitoring.services.health_states import CheckState, Status

_MANY = {"channel": "channels", "llm": "languageModels"}
"""Families with a check for each of several; which they are is nobody's business here."""
_BADNESS = {Status.DOWN: 3, Status.DEGRADED: 2, Status.UNKNOWN: 1, Status.UP: 0}


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """200 while the process answers."""
    return JsonResponse({"status": "up", "checks": {}})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """200 when messages can be stored. What else is wrong is shown, and no reason to send traffic away."""
    stores = run_checks()
    can_store = stores["database"].status == "up"
    others = _families(remembered_states(may_read=can_store))
    checks: dict[str, dict[str, Any]] = {
        family: {"status": status.value} for family, status in others.items()
    }
    checks |= {name: {"status": c.status, "latencyMs": c.latency_ms} for name, c in stores.items()}
    is_well = all(check["status"] in ("up", "unknown") for check in checks.values())
    status = "down" if not can_store else "up" if is_well else "degraded"
    return JsonResponse({"status": status, "checks": checks}, status=200 if can_store else 503)


def _families(states: Iterable[CheckState]) -> dict[str, Status]:
    """Return the worst status of each family."""
    worst: dict[str, Status] = {}
    for state in states:
        family = _MANY.get(family_of(state.name), family_of(state.name))
        worst[family] = max(worst.get(family, state.status), state.status, key=lambda each: _BADNESS[each])
    return worst
