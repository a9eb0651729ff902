"""Conversations and orders by day and channel. Days are those of TIME_ZONE."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any

from django.db import connection
from django.utils import timezone

from conversations.services.costs import Span

_CONVERSATIONS = """
SELECT day, channel_id, count(*) FILTER (WHERE received > 0), sum(received), sum(answered), sum(sent),
    coalesce(sum(seconds) FILTER (WHERE received > 0), 0)
FROM (
    SELECT (created_at AT TIME ZONE %(zone)s)::date AS day, channel_id, user_id,
        count(*) FILTER (WHERE direction = 'in') AS received,
        count(*) FILTER (WHERE direction = 'in' AND state IN ('answered', 'merged')) AS answered,
        count(*) FILTER (WHERE direction = 'out') AS sent,
        extract(epoch FROM max(created_at) - min(created_at)) AS seconds
    FROM conversations_message
    WHERE created_at >= %(begins)s AND created_at < %(ends)s
        AND (%(channel)s::bigint IS NULL OR channel_id = %(channel)s)
    GROUP BY 1, 2, 3
) AS conversations
GROUP BY 1, 2
"""
_ORDERS = """
SELECT (placed_at AT TIME ZONE %(zone)s)::date, channel_id, count(*),
    count(*) FILTER (WHERE state = 'cancelled')
FROM shop_order
WHERE placed_at >= %(begins)s AND placed_at < %(ends)s
    AND (%(channel)s::bigint IS NULL OR channel_id = %(channel)s)
GROUP BY 1, 2
"""

Key = tuple[date, int]


@dataclass(slots=True)
class Counts:
    """A conversation is all that a customer and we wrote on one day; `seconds`: how long all of them took."""

    conversations: int = 0
    received: int = 0
    answered: int = 0
    sent: int = 0
    seconds: float = 0.0
    orders: int = 0
    cancelled: int = 0

    @property
    def mean_seconds(self) -> float | None:
        """Return how long a conversation took, from its first to its last message; None without any."""
        return self.seconds / self.conversations if self.conversations else None

    def add(self, other: "Counts") -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day on one channel."""

    day: date
    channel_id: int
    counts: Counts


def days(span: Span, channel_id: int | None) -> list[Day]:
    """Return a row for each day and channel with messages or orders, the earliest first. Two queries."""
    found: defaultdict[Key, Counts] = defaultdict(Counts)
    for day, channel, talks, received, answered, sent, seconds in _rows(_CONVERSATIONS, span, channel_id):
        found[day, channel] = Counts(talks, int(received), int(answered), int(sent), float(seconds))
    for day, channel, orders, cancelled in _rows(_ORDERS, span, channel_id):
        found[day, channel].add(Counts(orders=orders, cancelled=cancelled))
    return [Day(day, channel, found[day, channel]) for day, channel in sorted(found)]


def total(rows: Iterable[Day]) -> Counts:
    """Return everything in one."""
    counts = Counts()
    for row in rows:
        counts.add(row.counts)
    return counts


def by_day(rows: Sequence[Day]) -> dict[date, Counts]:
    return _grouped(rows, attrgetter("day"))


def by_channel(rows: Sequence[Day]) -> dict[int, Counts]:
    return _grouped(rows, attrgetter("channel_id"))


def _grouped(rows: Sequence[Day], key: Callable[[Day], Any]) -> dict[Any, Counts]:
    found: defaultdict[Any, Counts] = defaultdict(Counts)
    for row in rows:
        found[key(row)].add(row.counts)
    return dict(found)


def _rows(query: str, span: Span, channel_id: int | None) -> list[tuple[Any, ...]]:
    begins, ends = span.bounds()
    zone = timezone.get_default_timezone_name()
    with connection.cursor() as cursor:
        cursor.execute(query, {"zone": zone, "begins": begins, "ends": ends, "channel": channel_id})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
