"""What the site was asked over HTTP, and how fast it answered."""

from dataclasses import dataclass

from monitoring.services.frame import Frame

REQUESTS, SECONDS = "http_requests_total", "http_request_seconds"
FAILED = "5xx"
"""The class of status of what is our fault."""


@dataclass(frozen=True, slots=True)
class Requests:
    """All requests, and those that we failed. None: not known."""

    total: float | None
    failed: float | None

    @property
    def failed_percent(self) -> float | None:
        """Return the part of all requests that we failed; None without any."""
        return 100 * (self.failed or 0.0) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One view: how often it was asked, and the seconds that 95 % of its answers took at the most."""

    name: str
    requests: float
    failed: float
    p95_seconds: float

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.requests


def requests(frame: Frame) -> Requests:
    """Return the requests of the frame's window."""
    return Requests(frame.total(REQUESTS), frame.total(REQUESTS, status=FAILED))


def endpoints(frame: Frame) -> list[Endpoint]:
    """Return the views that were asked in the frame's window and timed, the slowest first, by their p95."""
    asked = frame.totals_by(REQUESTS, "endpoint")
    failed = frame.totals_by(REQUESTS, "endpoint", status=FAILED)
    found = [
        Endpoint(name, asked[name], failed.get(name, 0.0), p95)
        for name, times in frame.histograms_by(SECONDS, "endpoint").items()
        if asked.get(name) and (p95 := times.quantile(0.95)) is not None
    ]
    return sorted(found, key=lambda endpoint: -endpoint.p95_seconds)
