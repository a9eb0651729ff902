"""Is it well? The checks, what is wrong first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.charts import Unit
from monitoring.dashboard.links import Links
from monitoring.services.health_states import CheckState, Status

_ORDER = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.UP)


@dataclass(frozen=True, slots=True)
class HealthTile:
    """One check. `badge` is the word of its colour: quiet ("") when nothing is known."""

    label: str
    badge: str
    status: str
    detail: str
    latency: str
    since: datetime | None
    url: str


def health_tiles(checks: Sequence[CheckState], links: Links) -> list[HealthTile]:
    ordered = sorted(checks, key=lambda check: _ORDER.index(check.status))
    return [_tile(check, links) for check in ordered]


def _tile(check: CheckState, links: Links) -> HealthTile:
    is_known = check.status is not Status.UNKNOWN
    return HealthTile(
        label=str(check.label),
        badge=check.status.value if is_known else "",
        status=str(check.status.label),
        detail="" if check.status is Status.UP else check.detail,
        latency=f"{Unit.RATE.text(check.latency_ms)} ms" if check.latency_ms is not None and is_known else "",
        since=check.since,
        url=links.listed(check.url),
    )
