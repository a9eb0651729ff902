"""What all charts are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.charts.units import Unit

PLOT_HEIGHT = 120.0
"""Pixels between the highest and the lowest line of the grid."""
TOP = 14.0
"""Pixels above the highest line, for its label."""


class Tone(StrEnum):
    """A colour by its meaning; dashboard.css says which, in light and dark."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    QUIET = "quiet"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one colour of the bars; None: nothing is known of that step."""

    name: str
    values: Sequence[float | None]
    tone: Tone = Tone.FIRST


@dataclass(frozen=True, slots=True)
class Data:
    """What a chart shows: a value of every series for every step, of which `times` are the beginnings."""

    title: str
    times: Sequence[datetime]
    step: timedelta
    series: Sequence[Series]
    unit: Unit

    @property
    def known(self) -> list[float]:
        return [value for line in self.series for value in line.values if value is not None]

    @property
    def ends(self) -> datetime:
        return self.times[-1] + self.step

    def place(self, at: datetime) -> float:
        """Return the horizontal place of a moment in percent."""
        return (at - self.times[0]) / (self.ends - self.times[0]) * 100


@dataclass(frozen=True, slots=True)
class Label:
    """A text on an axis, with the line it belongs to. `is_minor`: left out where there is little room."""

    place: str
    text: str
    anchor: str = "middle"
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """The stretch of a step under the pointer, and what it says."""

    x: str
    width: str
    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: the name and the latest known value."""

    tone: Tone
    name: str
    value: str


def number(value: float) -> str:
    """Return a number as SVG wants it."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
