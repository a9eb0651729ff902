"""The last hours of a check as a strip of equal slots, each as bad as the worst that was found in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from monitoring.models import Status

HOURS = 24
SLOTS = 288
SLOT = timedelta(hours=HOURS) / SLOTS
_BADNESS = {Status.DOWN: 3, Status.DEGRADED: 2, Status.UP: 1}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was found from `began` to `ended`. Nothing was found between two that do not touch."""

    status: Status
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """`width` slots from slot `x` on; `began` and `ended` are the times of its ends."""

    x: int
    width: int
    status: Status
    began: datetime
    ended: datetime


def parts_of(stretches: Iterable[Stretch], *, until: datetime) -> Sequence[Part]:
    """Return the parts of the HOURS before `until`, left to right without a hole.

    A minute of outage takes a whole slot, so that it is seen; slots nobody looked in are unknown.
    """
    since = until - timedelta(hours=HOURS)
    slots = [Status.UNKNOWN] * SLOTS
    for stretch in stretches:
        if stretch.ended < since or stretch.began > until:
            continue
        for number in range(_slot(stretch.began, since), _slot(stretch.ended, since) + 1):
            if _BADNESS.get(stretch.status, 0) > _BADNESS.get(slots[number], 0):
                slots[number] = stretch.status
    parts, x = [], 0
    for status, same in groupby(slots):
        width = len(list(same))
        parts.append(Part(x, width, status, since + x * SLOT, since + (x + width) * SLOT))
        x += width
    return parts


def _slot(moment: datetime, since: datetime) -> int:
    return min(max(int((moment - since) / SLOT), 0), SLOTS - 1)
