"""A line as small as a word: how a number came to be what it is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitoring.charts.lines import Path, path_of
from monitoring.charts.parts import Data, Series
from monitoring.charts.scale import Scale
from monitoring.charts.units import Unit

_START = datetime(2000, 1, 1, tzinfo=UTC)
_STEP = timedelta(minutes=1)


def sparkline(values: Sequence[float | None]) -> Path | None:
    """Return the path of evenly spaced values; None where fewer than two are known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    line = Series("", values)
    times = [_START + number * _STEP for number in range(len(values))]
    return path_of(line, Data("", times, _STEP, [line], Unit.RATE), Scale(max(known) or 1.0))
