"""`/health/live` and `/health/ready`: open to all, so without names, versions or secrets."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.health.checks import run_checks


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """200 while the process answers."""
    return JsonResponse({"status": "up", "checks": {}})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """200 when messages can be stored. Redis being down is shown, and is no reason to send traffic away."""
    checks = run_checks()
    status = "up" if all(check.status == "up" for check in checks.values()) else "degraded"
    if checks["database"].status == "down":
        status = "down"
    body = {
        "status": status,
        "checks": {name: {"status": c.status, "latencyMs": c.latency_ms} for name, c in checks.items()},
    }
    return JsonResponse(body, status=503 if status == "down" else 200)
