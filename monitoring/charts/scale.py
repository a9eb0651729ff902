"""The vertical scale: from nothing to a round number."""

import math
from dataclasses import dataclass

from monitoring.charts.parts import PLOT_HEIGHT, TOP, Data, Label, number
from monitoring.charts.units import Unit

_ROUND = (1.0, 2.0, 4.0, 5.0, 10.0)
_HUNDRED = 100.0


@dataclass(frozen=True, slots=True)
class Scale:
    """`top` is the value of the highest line."""

    top: float

    def height(self, value: float) -> float:
        """Return how many pixels a value is high."""
        return value / self.top * PLOT_HEIGHT

    def y(self, value: float) -> float:
        return TOP + PLOT_HEIGHT - self.height(value)


def scale_of(highest: float, unit: Unit) -> Scale:
    """Return the scale for values up to `highest`: percentages end at 100, counts at 2 or more."""
    if unit is Unit.PERCENT:
        return Scale(_HUNDRED)
    if unit is Unit.COUNT:
        highest = max(highest, 2.0)
    if highest <= 0:
        return Scale(1.0)
    size = 10.0 ** math.floor(math.log10(highest))
    return Scale(next(step * size for step in _ROUND if step * size >= highest * (1 - 1e-9)))


def value_labels(scale: Scale, data: Data) -> list[Label]:
    """Return the labels of nothing, half and all; `place` is in pixels."""
    return [
        Label(number(scale.y(value)), data.unit.text(value) if value else "")
        for value in (0.0, scale.top / 2, scale.top)
    ]
