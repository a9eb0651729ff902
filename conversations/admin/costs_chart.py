"""The bars of costs by day, as numbers for an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from conversations.services.costs import ZERO, Cost, Span

HEIGHT = 100
STEP = 10
WIDTH = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: `cost` stands before the wider `baseline`; heights in units of the drawing."""

    day: date
    x: int
    cost: Decimal
    baseline: Decimal
    cost_height: int
    baseline_height: int

    @property
    def cost_y(self) -> int:
        return HEIGHT - self.cost_height

    @property
    def baseline_y(self) -> int:
        return HEIGHT - self.baseline_height


@dataclass(frozen=True, slots=True)
class Bars:
    """All days of a span; `highest` is the amount that the full height stands for."""

    bars: tuple[Bar, ...]
    highest: Decimal
    width: int
    height: int = HEIGHT
    bar_width: int = WIDTH


def bars(span: Span, lines: Sequence[Cost]) -> Bars | None:
    """Return a bar for each day of `span`, days without runs too; None where nothing has cost anything."""
    found = {line.key: (line.cost_usd, line.baseline_usd or ZERO) for line in lines}
    highest = max((amount for pair in found.values() for amount in pair), default=ZERO)
    if not highest:
        return None

    def bar(number: int, day: date) -> Bar:
        cost, baseline = found.get(day, (ZERO, ZERO))
        return Bar(day, number * STEP, cost, baseline, _height(cost, highest), _height(baseline, highest))

    days = span.days()
    return Bars(tuple(bar(number, day) for number, day in enumerate(days)), highest, STEP * len(days))


def _height(amount: Decimal, highest: Decimal) -> int:
    """Whatever is not nothing is to be seen."""
    return max(1, round(amount * HEIGHT / highest)) if amount else 0
