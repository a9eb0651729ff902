"""How requests end, by endpoint: the name of the view that the URL table leads to, never an address."""

from django.http import HttpRequest
from django.urls import ResolverMatch

from botsite.telemetry import metrics

UNKNOWN = "unknown"
"""Requests that no view was found for, or that were refused before one was looked for."""

UNMEASURED = ("/health/", "/metrics", "/static/")
"""Probes, scrapes and files: many, all alike, and of no customer."""


def measure_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count a request that has been answered, and how long the answer took to begin."""
    if request.path.startswith(UNMEASURED):
        return
    endpoint = _endpoint(request.resolver_match)
    metrics.count("http_requests_total", endpoint=endpoint, status=f"{status // 100}xx")
    metrics.observe("http_request_seconds", seconds, endpoint=endpoint)


def _endpoint(match: ResolverMatch | None) -> str:
    return match.view_name if match else UNKNOWN
