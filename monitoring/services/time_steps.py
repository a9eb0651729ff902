"""Windows of time, and the equal steps that charts divide them into."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` until just before `until`, both aware. Raises ValueError when it has no length."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.utcoffset() is None or self.until.utcoffset() is None:
            raise ValueError("a window has aware times")
        if self.until <= self.since:
            raise ValueError("a window ends after it begins")

    @classmethod
    def last(cls, length: timedelta) -> Self:
        """Return the window of this length that ends now."""
        now = timezone.now()
        return cls(now - length, now)

    @property
    def length(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of one length; `offset` is how many seconds the clock that they follow is ahead of UTC."""

    window: Window
    length: timedelta
    offset: float

    @classmethod
    def of(cls, window: Window, length: timedelta) -> Self:
        """Return steps that begin with the hours and days of TIME_ZONE, as it is at the window's begin."""
        offset = window.since.astimezone(timezone.get_default_timezone()).utcoffset() or timedelta()
        return cls(window, length, offset.total_seconds())

    def start_of(self, moment: datetime) -> datetime:
        """Return the beginning of the step that `moment` lies in."""
        length = self.length.total_seconds()
        seconds = (moment.timestamp() + self.offset) // length * length - self.offset
        return datetime.fromtimestamp(seconds, tz=UTC)

    def starts(self) -> list[datetime]:
        """Return the beginnings of all steps of the window; the first one may lie before it."""
        first = self.start_of(self.window.since)
        count = -((first - self.window.until) // self.length)
        return [first + number * self.length for number in range(count)]
