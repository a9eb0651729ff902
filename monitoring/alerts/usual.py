"""What is usual: the same time of day and week, in the four weeks before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from conversations.models import Direction, Message, Run

WEEKS = 4
LEAST_WEEKS = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """The amount of now beside those of the earlier weeks that there is data of, the last week first."""

    now: float
    weeks: Sequence[float]

    @property
    def is_comparable(self) -> bool:
        return len(self.weeks) >= LEAST_WEEKS

    @property
    def most(self) -> float:
        return max(self.weeks)

    @property
    def least(self) -> float:
        return min(self.weeks)


def messages_compared(window: timedelta) -> dict[str, Compared]:
    """Compare the messages that came in during `window` until now, by active channel; two queries."""
    spans = _spans(window)
    came_in = Message.objects.filter(direction=Direction.IN, channel__is_active=True)
    counts = {f"week{number}": Count("pk", filter=span) for number, span in enumerate(spans)}
    rows: Iterable[Any] = came_in.filter(_any(spans)).values("channel__slug").annotate(**counts)
    first = dict(
        Message.objects.filter(channel__is_active=True)
        .values_list("channel__slug")
        .annotate(Min("created_at"))
        .order_by("channel__slug")
    )
    found = {row["channel__slug"]: [float(row[name]) for name in counts] for row in rows}
    none = [0.0] * len(counts)
    return {slug: _compared(found.get(slug, none), since, window) for slug, since in first.items()}


def costs_compared(window: timedelta) -> tuple[Compared, int]:
    """Compare what the models cost during `window` until now, in USD; and the runs of now that cost any."""
    spans = _spans(window, of="started_at")
    sums = {f"week{number}": Sum("cost_usd", filter=span) for number, span in enumerate(spans)}
    row = Run.objects.filter(_any(spans)).aggregate(**sums, runs=Count("cost_usd", filter=spans[0]))
    first = Run.objects.aggregate(Min("started_at"))["started_at__min"]
    return _compared([float(row[name] or 0) for name in sums], first, window), row["runs"]


def _spans(window: timedelta, *, of: str = "created_at") -> list[Q]:
    """The window of now and of each week before, at the same time by the clock on the wall."""
    until = timezone.localtime()
    ends = [until - timedelta(weeks=number) for number in range(WEEKS + 1)]
    return [Q(**{f"{of}__gt": end - window, f"{of}__lte": end}) for end in ends]


def _any(spans: Sequence[Q]) -> Q:
    whole = Q(pk=None)
    for span in spans:
        whole |= span
    return whole


def _compared(amounts: Sequence[float], first: datetime | None, window: timedelta) -> Compared:
    """Leave out weeks from before the first row that is left: of those nothing is known."""
    if first is None:
        return Compared(amounts[0], ())
    age = timezone.now() - first
    known = [amount for week, amount in enumerate(amounts) if week and timedelta(weeks=week) + window <= age]
    return Compared(amounts[0], known)
