"""How a whole is shared: one bar, and a list with the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.charts.parts import Tone, number
from monitoring.charts.units import Unit

TONES = (Tone.FIRST, Tone.SECOND, Tone.THIRD, Tone.FOURTH)


@dataclass(frozen=True, slots=True)
class Share:
    """One part: `x` and `width` are percent of the bar, `value` and `percent` are for people."""

    name: str
    tone: Tone
    x: str
    width: str
    value: str
    percent: str


def share_bar(amounts: Sequence[tuple[str, float]], unit: Unit = Unit.COUNT) -> list[Share]:
    """Return the parts in their order, without those that are nothing; an empty list where all are."""
    total = sum(amount for _name, amount in amounts)
    shares: list[Share] = []
    left = 0.0
    for name, amount in amounts:
        if amount <= 0:
            continue
        percent = amount / total * 100
        tone = TONES[len(shares)] if len(shares) < len(TONES) else Tone.QUIET
        shares.append(
            Share(name, tone, number(left), number(percent), unit.text(amount), Unit.PERCENT.text(percent))
        )
        left += percent
    return shares
