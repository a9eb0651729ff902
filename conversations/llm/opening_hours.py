"""When a business is open: a week of intervals on the clocks of its own time zone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_INTERVALS = 4
MINUTES_OF_A_DAY = 24 * 60

_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
_DASH = re.compile(r"\s*[-–—]\s*")


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Minutes from the midnight before; `closes` lies up to a day after `opens`, beyond midnight too."""

    opens: int
    closes: int

    @classmethod
    def of(cls, opens: str, closes: str) -> Self:
        """Make one of "09:00" and "18:00". Times that run backwards end on the next day; 24:00 is midnight.

        Raises ValueError for what is no time, or no time at all between the two.
        """
        first, last = _minutes(opens), _minutes(closes)
        if first in (last, MINUTES_OF_A_DAY):
            raise ValueError(f"{opens}-{closes}")
        return cls(first, last if last > first else last + MINUTES_OF_A_DAY)

    def __str__(self) -> str:
        return f"{_clock(self.opens)}–{_clock(self.closes)}"


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Seven days from Monday on, each with its intervals in order; no interval at all: closed that day.

    `timezone` is an IANA name. `holidays` is the business's own text about exceptions.
    """

    timezone: str
    week: tuple[tuple[Interval, ...], ...]
    holidays: str = ""

    def local(self, at: datetime) -> datetime:
        """Return the aware instant `at` on the clocks of the business."""
        return at.astimezone(ZoneInfo(self.timezone))


def is_open(hours: OpeningHours, at: datetime) -> bool:
    """Tell whether the business is open at the aware instant `at`. Holidays are not looked at: they are text.

    The clock on the wall decides: the hour that daylight saving time repeats is open twice or not at all.
    The minute of closing is closed. Raises ValueError for an instant without a time zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    local = hours.local(at)
    minute = local.hour * 60 + local.minute
    today, yesterday = hours.week[local.weekday()], hours.week[local.weekday() - 1]
    return any(interval.opens <= minute < interval.closes for interval in today) or any(
        minute + MINUTES_OF_A_DAY < interval.closes for interval in yesterday
    )


def parse_intervals(text: str) -> tuple[Interval, ...]:
    """Read a day as people write it: "9:00-13:00, 15:00 – 19:00"; empty: closed.

    Raises ValueError with the part that is no interval, that overlaps the one before, or is one too many.
    """
    found: list[Interval] = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        times = _DASH.split(part)
        if len(times) != 2 or len(found) == MOST_INTERVALS:
            raise ValueError(part)
        try:
            interval = Interval.of(*times)
        except ValueError:
            raise ValueError(part) from None
        if found and interval.opens < found[-1].closes:
            raise ValueError(part)
        found.append(interval)
    return tuple(found)


def format_intervals(intervals: Sequence[Interval]) -> str:
    """Return a day as `parse_intervals` reads it."""
    return ", ".join(map(str, intervals))


def week_to_json(week: Sequence[Sequence[Interval]]) -> dict[str, list[list[str]]]:
    """Return the week as it is stored: {"mon": [["09:00", "18:00"]], …}, without the closed days."""
    return {
        day: [[_clock(interval.opens), _clock(interval.closes)] for interval in intervals]
        for day, intervals in zip(DAYS, week, strict=True)
        if intervals
    }


def week_from_json(stored: Mapping[str, Any]) -> tuple[tuple[Interval, ...], ...]:
    """Return the week of what `week_to_json` made."""
    return tuple(tuple(Interval.of(*times) for times in stored.get(day, ())) for day in DAYS)


def hours_lines(hours: OpeningHours) -> Iterator[str]:
    """Yield a line per day: "Monday: 09:00–18:00"."""
    for name, intervals in zip(DAY_NAMES, hours.week, strict=True):
        yield f"{name}: {format_intervals(intervals) or 'closed'}"


def _minutes(time: str) -> int:
    match = _TIME.fullmatch(time.strip())
    if match is None:
        raise ValueError(time)
    hour, minute = int(match[1]), int(match[2])
    if minute > 59 or hour * 60 + minute > MINUTES_OF_A_DAY:
        raise ValueError(time)
    return hour * 60 + minute


def _clock(minutes: int) -> str:
    """Midnight as an end is 24:00; later than that is a time of the next day."""
    if minutes > MINUTES_OF_A_DAY:
        minutes -= MINUTES_OF_A_DAY
    return f"{minutes // 60:02}:{minutes % 60:02}"
