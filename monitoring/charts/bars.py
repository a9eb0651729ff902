"""Bars over time, the series of a step one above the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitoring.charts.frame import Frame, frame_of
from monitoring.charts.parts import Data, Tone, number
from monitoring.charts.scale import Scale, scale_of

FILLED = 0.76
"""The part of a step's width that its bar takes."""
LOWEST = 1.0
"""Pixels: whatever is not nothing is to be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a bar: `x` and `width` in percent, `y` and `height` in pixels."""

    tone: Tone
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class BarChart:
    frame: Frame
    bars: Sequence[Bar]


def bar_chart(data: Data) -> BarChart | None:
    """Return the geometry; None where nothing at all is known. Unknown steps have no bar."""
    if not data.known:
        return None
    scale = scale_of(max(_sums(data)), data.unit)
    bars = [bar for position in range(len(data.times)) for bar in _stack(data, position, scale)]
    return BarChart(frame_of(data, scale), bars)


def _sums(data: Data) -> list[float]:
    steps = zip(*(line.values for line in data.series), strict=True)
    return [sum(value or 0.0 for value in step) for step in steps]


def _stack(data: Data, position: int, scale: Scale) -> Iterator[Bar]:
    at = data.times[position]
    left, right = data.place(at), data.place(at + data.step)
    room = right - left
    below = 0.0
    for line in data.series:
        value = line.values[position]
        if not value:
            continue
        below += value
        yield Bar(
            line.tone,
            number(left + room * (1 - FILLED) / 2),
            number(scale.y(below)),
            number(room * FILLED),
            number(max(scale.height(value), LOWEST)),
        )
