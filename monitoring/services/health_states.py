"""How every part of the site is, for whoever shows or judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext

from monitoring.models import HealthCheck, Status
from monitoring.services.health_names import label_of, place_of, url_of

__all__ = ("CheckState", "Status", "Uptime", "longest_gap", "states", "uptimes")

_SECONDS = """sum(extract(epoch FROM greatest(
    least(ended_at, moment) - greatest(began_at, moment - interval '{days} days'), interval '0'
)))"""
_UPTIMES = f"""
SELECT check_name, status <> 'down', {", ".join(_SECONDS.format(days=days) for days in (1, 7, 30))}
FROM monitoring_healthspan, (SELECT statement_timestamp() AS moment) AS clock
WHERE status <> 'unknown' AND ended_at > moment - interval '30 days'
GROUP BY 1, 2
"""  # noqa: S608  of constants


@dataclass(frozen=True, slots=True)
class CheckState:
    """One check as it stands. `status` is unknown when the last look is too old (`is_stale`).

    `detail` is a sentence in the active language, of the last look. `since`: from when on every look found
    this status; `url`: the admin list of the rows behind it, for those who may see them.
    """

    name: str
    label: str
    status: Status
    detail: str
    latency_ms: float | None
    checked_at: datetime | None
    since: datetime | None
    is_stale: bool
    url: str | None
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Uptime:
    """The share of the known time in which a check was up or degraded, in percent; None: nothing is known."""

    day: float | None
    week: float | None
    month: float | None


def longest_gap(period_seconds: float) -> timedelta:
    """Return how old a look may be and still speak for the present."""
    return timedelta(seconds=3 * period_seconds + 15)


def states() -> list[CheckState]:
    """Return all checks in the order they are shown, in one query. Raises django.db.Error."""
    now = timezone.now()
    rows = HealthCheck.objects.select_related("span")
    return sorted((_state(row, now) for row in rows), key=lambda state: place_of(state.name))


def uptimes() -> dict[str, Uptime]:
    """Return the uptimes by check, in one query. Raises django.db.Error.

    Time when nobody looked, or could tell, counts for neither.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UPTIMES)
        rows = cursor.fetchall()
    well = {name: seconds for name, is_well, *seconds in rows if is_well}
    badly = {name: seconds for name, is_well, *seconds in rows if not is_well}
    nothing = (0, 0, 0)
    return {
        name: Uptime(*map(_percent, well.get(name, nothing), badly.get(name, nothing)))
        for name in well.keys() | badly.keys()
    }


def detail_text(detail: str, values: Mapping[str, object]) -> str:
    """Return a stored detail in the active language."""
    text = gettext(detail) if detail else ""
    return text % values if values else text


def _state(row: HealthCheck, now: datetime) -> CheckState:
    span = row.span
    is_stale = now - span.ended_at > longest_gap(row.period_seconds)
    return CheckState(
        name=row.name,
        label=label_of(row.name),
        status=Status.UNKNOWN if is_stale else Status(span.status),
        detail=detail_text(row.detail, row.detail_values),
        latency_ms=row.latency_ms,
        checked_at=span.ended_at,
        since=None if is_stale else span.began_at,
        is_stale=is_stale,
        url=url_of(row.name),
        figures=row.figures,
    )


def _percent(well: float, badly: float) -> float | None:
    known = float(well + badly)
    return 100 * (float(well) / known) if known else None
