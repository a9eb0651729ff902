"""A number with its name: the smallest part of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format

from monitoring.charts import sparkline
from monitoring.charts.lines import Path
from monitoring.charts.units import UNKNOWN, Unit
from monitoring.services.message_counts import COUNT_LIMIT


@dataclass(frozen=True, slots=True)
class Tile:
    """`value` is a text already; `tone` is "", "warn" or "bad"; an empty `url` is no link."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    tone: str = ""
    spark: Path | None = None


def count_text(count: int | None) -> str:
    """Return a bounded count for people: "10,000+" when there are more; – for None."""
    if count is None:
        return UNKNOWN
    return Unit.COUNT.text(min(count, COUNT_LIMIT)) + ("+" if count > COUNT_LIMIT else "")


def minutes_text(seconds: float | None) -> str:
    """Return a duration in minutes for people; – for None."""
    return UNKNOWN if seconds is None else f"{number_format(seconds / 60, 1)} min"


def needing(label: str, count: int, *, url: str, tone: str = "warn", note: str = "") -> Tile:
    """Return the tile of something that ought to be nothing."""
    return Tile(label, count_text(count), note, url, tone if count else "")


def measured(
    label: str,
    value: float | None,
    unit: Unit,
    *,
    note: str = "",
    url: str = "",
    spark: Sequence[float | None] = (),
) -> Tile:
    """Return the tile of something measured, with how it came about."""
    return Tile(label, unit.text(value), note, url, spark=sparkline(spark))
