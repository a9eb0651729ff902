"""Charts with their headings, made of what the series hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitoring.charts import BarChart, Data, LineChart, Series, Tone, Unit, bar_chart, line_chart
from monitoring.dashboard.figures import Figures
from monitoring.services.series import Point

Named = tuple[str, Tone, Sequence[Point]]
"""A series of a chart: its name for people, its colour, and its points."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart, of one of two kinds; with neither, nothing is known of the range."""

    key: str
    title: str
    lines: LineChart | None = None
    bars: BarChart | None = None


def line_panel(key: str, title: str, series: Iterable[Named], step: timedelta, unit: Unit) -> Panel:
    data = _data(title, list(series), step, unit)
    return Panel(key, title, lines=line_chart(data) if data else None)


def bar_panel(key: str, title: str, series: Iterable[Named], step: timedelta, unit: Unit) -> Panel:
    data = _data(title, list(series), step, unit)
    return Panel(key, title, bars=bar_chart(data) if data else None)


def per_minute(points: Sequence[Point], step: timedelta, figures: Figures) -> list[Point]:
    """Return counts of steps as rates a minute; of a step that is not over yet only what is past counts."""
    return [Point(point.at, _rate(point, step, figures)) for point in points]


def summed(*series: Sequence[Point]) -> list[Point]:
    """Return the sums of each step; what is known of one of them alone stands for all."""
    return [
        Point(points[0].at, _sum(point.value for point in points)) for points in zip(*series, strict=True)
    ]


def values(points: Sequence[Point]) -> list[float | None]:
    return [point.value for point in points]


def _rate(point: Point, step: timedelta, figures: Figures) -> float | None:
    if point.value is None:
        return None
    # The first step is counted from its own beginning, which lies before the window's.
    minutes = (min(point.at + step, figures.window.until) - point.at) / timedelta(minutes=1)
    return point.value / max(minutes, 1.0)


def _sum(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _data(title: str, series: Sequence[Named], step: timedelta, unit: Unit) -> Data | None:
    if not series or not series[0][2]:
        return None
    times = [point.at for point in series[0][2]]
    return Data(
        title, times, step, [Series(name, values(points), tone) for name, tone, points in series], unit
    )
