"""What line and bar charts have in common: axes, legend, the texts of the steps, and a summary."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from monitoring.charts.parts import Data, Key, Label, Spot, number
from monitoring.charts.scale import Scale, value_labels
from monitoring.charts.times import step_text, time_labels


@dataclass(frozen=True, slots=True)
class Frame:
    """`summary` says in words what the drawing shows, for those who do not see it."""

    title: str
    summary: str
    keys: Sequence[Key]
    values: Sequence[Label]
    times: Sequence[Label]
    spots: Sequence[Spot]


def frame_of(data: Data, scale: Scale) -> Frame:
    return Frame(
        title=data.title,
        summary=_summary(data),
        keys=[Key(line.tone, line.name, data.unit.text(_latest(line.values))) for line in data.series],
        values=value_labels(scale, data),
        times=time_labels(data),
        spots=[_spot(data, position) for position in range(len(data.times))],
    )


def _summary(data: Data) -> str:
    parts = [
        _("%(name)s: now %(latest)s, highest %(highest)s")
        % {
            "name": line.name,
            "latest": data.unit.text(_latest(line.values)),
            "highest": data.unit.text(max((v for v in line.values if v is not None), default=None)),
        }
        for line in data.series
    ]
    return "; ".join(parts)


def _spot(data: Data, position: int) -> Spot:
    at = data.times[position]
    values = " · ".join(f"{line.name} {data.unit.text(line.values[position])}" for line in data.series)
    left = data.place(at)
    return Spot(
        number(left), number(data.place(at + data.step) - left), f"{step_text(at, data.step)} · {values}"
    )


def _latest(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)
