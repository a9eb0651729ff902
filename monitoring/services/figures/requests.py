"""What the site was asked over HTTP, and how fast it answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.services.frame import Frame
from monitoring.services.histograms import Histogram

REQUESTS, SECONDS = "http_requests_total", "http_request_seconds"
LISTED = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One view: how often it was asked, and the seconds that 95 % of its answers took at the most."""

    name: str
    requests: int
    p95_seconds: float


@dataclass(frozen=True, slots=True)
class Requests:
    """`ok` were answered, `refused` the caller's fault (4xx), `failed` ours (5xx). None: not known.

    `rate` is a second; `quantiles` are seconds by 0.5, 0.95 and 0.99; `slowest` is by their p95.
    """

    total: float | None
    ok: float | None
    refused: float | None
    failed: float | None
    rate: float | None
    quantiles: Mapping[float, float | None]
    slowest: list[Endpoint]

    @property
    def failed_percent(self) -> float | None:
        """Return the part of all requests that we failed; None without any."""
        return 100 * (self.failed or 0) / self.total if self.total else None


def requests(frame: Frame) -> Requests:
    """Return the requests of the frame's window."""
    by_status = frame.totals_by(REQUESTS, "status")
    total = frame.total(REQUESTS)

    def counted(*statuses: str) -> float | None:
        return None if total is None else sum(by_status.get(status, 0.0) for status in statuses)

    by_endpoint = frame.histograms_by(SECONDS, "endpoint")
    everything = Histogram()
    for histogram in by_endpoint.values():
        everything.merge(histogram)
    return Requests(
        total=total,
        ok=counted("1xx", "2xx", "3xx"),
        refused=counted("4xx"),
        failed=counted("5xx"),
        rate=frame.rate(REQUESTS),
        quantiles={q: everything.quantile(q) for q in (0.5, 0.95, 0.99)},
        slowest=_slowest(by_endpoint),
    )


def _slowest(by_endpoint: Mapping[str, Histogram]) -> list[Endpoint]:
    endpoints = [
        Endpoint(name, histogram.count, p95)
        for name, histogram in by_endpoint.items()
        if (p95 := histogram.quantile(0.95)) is not None
    ]
    return sorted(endpoints, key=lambda endpoint: -endpoint.p95_seconds)[:LISTED]
