"""The horizontal axis: moments of TIME_ZONE that people think in."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from monitoring.charts.parts import Data, Label, number

DAY = timedelta(days=1)
_TICKS = (
    (timedelta(hours=2), timedelta(minutes=15)),
    (timedelta(hours=6), timedelta(hours=1)),
    (timedelta(hours=30), timedelta(hours=3)),
    (timedelta(days=8), DAY),
    (timedelta(days=40), 4 * DAY),
)
"""For charts up to so long, a tick every so often; longer ones have a tick each month."""
_EDGE = 6.0
"""Percent of the width in which a text would stick out."""


def time_labels(data: Data) -> list[Label]:
    """Return the ticks; every second one may be left out. `place` is in percent."""
    tick = next((tick for longest, tick in _TICKS if data.ends - data.times[0] <= longest), 30 * DAY)
    found = [moment for moment in _moments(data.times[0], tick) if _is_within(moment, data)]
    return [
        Label(number(data.place(moment)), _text(moment, tick), is_minor=bool(position % 2))
        for position, moment in enumerate(found)
    ]


def step_text(at: datetime, step: timedelta) -> str:
    """Return how a step is called: by its day, or by its day and time."""
    return _step_text(
        timezone.localtime(at), "MONTH_DAY_FORMAT" if step >= DAY else "SHORT_DATETIME_FORMAT", get_language()
    )


@lru_cache(maxsize=1000)
def _step_text(local: datetime, form: str, _language: str | None) -> str:
    """Many charts of a page have the same steps, and writing a time is slow."""
    return date_format(local, form)


def _moments(since: datetime, tick: timedelta) -> Iterator[datetime]:
    """Yield moments from the midnight before `since` on, without an end worth mentioning."""
    midnight = datetime.combine(timezone.localtime(since).date(), time.min)
    zone = timezone.get_current_timezone()
    for position in range(500):
        yield (midnight + position * tick).replace(tzinfo=zone)


def _is_within(moment: datetime, data: Data) -> bool:
    return data.times[0] <= moment <= data.ends and _EDGE <= data.place(moment) <= 100 - _EDGE


def _text(moment: datetime, tick: timedelta) -> str:
    if tick < DAY:
        return date_format(moment, "H:i")
    return date_format(moment, "D j" if tick == DAY else "MONTH_DAY_FORMAT")
