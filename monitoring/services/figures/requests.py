"""What the site was asked over HTTP, and how fast it answered."""

from dataclasses import dataclass

from monitoring.services.frame import Frame

REQUESTS, SECONDS = "http_requests_total", "http_request_seconds"
OK, REFUSED, FAILED = ("1xx", "2xx", "3xx"), "4xx", "5xx"
"""Classes of status: what was answered, what is the caller's fault, what is ours."""


@dataclass(frozen=True, slots=True)
class Requests:
    """All requests by how they ended, and the seconds that 50, 95 and 99 % of them took. None: not known."""

    total: float | None
    ok: float | None
    refused: float | None
    failed: float | None
    per_minute: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None

    @property
    def failed_percent(self) -> float | None:
        """Return the part of all requests that we failed; None without any."""
        return 100 * (self.failed or 0.0) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One view: how often it was asked, and the seconds of its answers: the mean, and what 95 % took."""

    name: str
    requests: float
    failed: float
    mean_seconds: float | None
    p95_seconds: float

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.requests


def requests(frame: Frame) -> Requests:
    """Return the requests of the frame's window."""
    total, rate, times = frame.total(REQUESTS), frame.rate(REQUESTS), frame.histogram(SECONDS)
    by_status = frame.totals_by(REQUESTS, "status")

    def counted(*statuses: str) -> float | None:
        return None if total is None else sum(by_status.get(status, 0.0) for status in statuses)

    return Requests(
        total=total,
        ok=counted(*OK),
        refused=counted(REFUSED),
        failed=counted(FAILED),
        per_minute=None if rate is None else 60 * rate,
        p50_seconds=times.quantile(0.5),
        p95_seconds=times.quantile(0.95),
        p99_seconds=times.quantile(0.99),
    )


def endpoints(frame: Frame) -> list[Endpoint]:
    """Return the views that were asked in the frame's window and timed, the slowest first, by their p95."""
    asked = frame.totals_by(REQUESTS, "endpoint")
    failed = frame.totals_by(REQUESTS, "endpoint", status=FAILED)
    found = [
        Endpoint(name, asked[name], failed.get(name, 0.0), times.mean, p95)
        for name, times in frame.histograms_by(SECONDS, "endpoint").items()
        if asked.get(name) and (p95 := times.quantile(0.95)) is not None
    ]
    return sorted(found, key=lambda endpoint: -endpoint.p95_seconds)
