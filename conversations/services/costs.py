"""What the models cost: by provider, day, month, channel and customer, added up by the database.

Nothing is made up: runs of which nobody knows the usage, or whose model has no price, are counted apart.
Days and months are those of TIME_ZONE; a run belongs to the day on which it began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Model, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate, TruncMonth
from django.utils import timezone

from botsite import caching
from conversations.models import Run, RunState, WhatsAppUser
from sessions_app.models import Channel

ZERO = Decimal(0)


class By(StrEnum):
    """What costs can be listed by."""

    PROVIDER = "provider"
    DAY = "day"
    MONTH = "month"
    CHANNEL = "channel"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of TIME_ZONE, the last one included. Raises ValueError when it ends before it begins."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a span ends on its first day at the earliest")

    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(count)]

    def bounds(self) -> tuple[datetime, datetime]:
        """Return the instants at which it begins and is over."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A line of the books, amounts in US dollars.

    `name` is for people, `key` the row's id, date or provider. Of `runs`, `unknown_usage` are those of which
    nobody knows what they used, and `unknown_price` those whose model has no price: they are in no amount.
    `baseline_usd` is what the runs that have one would have cost on the dearest model then in use; None:
    there is none.
    """

    key: Any
    name: str
    runs: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    unknown_usage: int
    unknown_price: int
    baseline_usd: Decimal | None
    compared_usd: Decimal
    """What the runs that have a baseline did cost."""

    @property
    def unknown(self) -> int:
        """Return how many runs are in no amount, though a model was asked."""
        return self.unknown_usage + self.unknown_price

    @property
    def saved_usd(self) -> Decimal | None:
        return None if self.baseline_usd is None else self.baseline_usd - self.compared_usd

    @property
    def saved_percent(self) -> int | None:
        """Return the part of the baseline that was saved."""
        if not self.baseline_usd or self.saved_usd is None:
            return None
        return round(self.saved_usd * 100 / self.baseline_usd)


def today() -> Span:
    """Return the day that it is in TIME_ZONE."""
    day = timezone.localdate(timezone=_zone())
    return Span(day, day)


def this_month() -> Span:
    """Return the month until today."""
    day = today().last
    return Span(day.replace(day=1), day)


def total(span: Span) -> Cost:
    """Return everything in one line."""
    return _cost(_runs(span).aggregate(**_SUMS), key="", name="")


def today_and_month() -> tuple[Cost, Cost]:
    """Return the lines of today and of this month until now; what earlier days cost may be an hour old."""
    now = total(today())
    day = today().first
    if day.day == 1:
        return now, now
    earlier = caching.get_or_load(
        caching.PAST_COSTS, lambda: _to_json(total(_days_before(day))), decode=_from_json, day=day
    )
    return now, _added(now, earlier)


def by_provider(span: Span) -> list[Cost]:
    """Return a line for each provider, the dearest first; runs that asked none have an empty name."""
    return [_cost(row, key=row["provider"], name=row["provider"]) for row in _grouped(span, "provider")]


def by_day(span: Span) -> list[Cost]:
    """Return a line for each day on which there were runs, the earliest first."""
    return _by_time(span, TruncDate("started_at", tzinfo=_zone()))


def by_month(span: Span) -> list[Cost]:
    """Return a line for each month with runs, named by its first day; only days of the span are counted."""
    return _by_time(span, TruncMonth("started_at", tzinfo=_zone()))


def by_channel(span: Span) -> list[Cost]:
    """Return a line for each channel, the dearest first."""
    return _named(_grouped(span, "paid_by"), "paid_by", Channel.objects.all())


def by_user(span: Span, *, limit: int | None = 10) -> list[Cost]:
    """Return a line for each of the dearest customers; with `limit` None for all."""
    rows = _grouped(span, "thread__user")[:limit]
    return _named(rows, "thread__user", WhatsAppUser.objects.all())


def lines(by: By, span: Span) -> list[Cost]:
    """Return all lines of one kind."""
    if by is By.USER:
        return by_user(span, limit=None)
    listing = {By.PROVIDER: by_provider, By.DAY: by_day, By.MONTH: by_month, By.CHANNEL: by_channel}
    return listing[by](span)


def spent_since(day: date, *, channel_id: int | None) -> Decimal:
    """Return the known costs of a channel (None: of all) from the beginning of `day` on."""
    runs = Run.objects.filter(started_at__gte=_midnight(day))
    if channel_id is not None:
        runs = runs.filter(of_channel(channel_id))
    return runs.aggregate(cost=Sum("cost_usd"))["cost"] or ZERO


def of_channel(channel_id: int) -> Q:
    """Return the condition for the runs that a channel paid for, those of erased customers among them."""
    return Q(thread__user__channel=channel_id) | Q(channel=channel_id)


_ENDED = ~Q(state=RunState.ACTIVE)
_UNPRICED = Q(cost_usd=None, usage_unknown=False) & (Q(input_tokens__gt=0) | Q(output_tokens__gt=0))
_COMPARED = Q(cost_usd__isnull=False, baseline_usd__isnull=False)
_SUMS = {
    "runs": Count("pk"),
    "input": Sum("input_tokens"),
    "cached": Sum("cached_tokens"),
    "output": Sum("output_tokens"),
    "cost": Sum("cost_usd"),
    "unknown_usage": Count("pk", filter=_ENDED & Q(usage_unknown=True)),
    "unknown_price": Count("pk", filter=_ENDED & _UNPRICED),
    "baseline": Sum("baseline_usd", filter=_COMPARED),
    "compared": Sum("cost_usd", filter=_COMPARED),
}
_AMOUNTS = ("cost_usd", "baseline_usd", "compared_usd")
_COUNTED = ("runs", "input_tokens", "cached_tokens", "output_tokens", "unknown_usage", "unknown_price")


def _zone() -> Any:
    return timezone.get_default_timezone()


def _midnight(day: date) -> datetime:
    """Return the beginning of a day, also where clocks are put forward at midnight."""
    return datetime.combine(day, time.min, tzinfo=_zone())


def _runs(span: Span) -> QuerySet[Run]:
    begins, ends = span.bounds()
    return Run.objects.filter(started_at__gte=begins, started_at__lt=ends)


def _grouped(span: Span, field: str) -> Any:
    runs = _runs(span).annotate(paid_by=Coalesce("channel", "thread__user__channel"))
    grouped = runs.order_by().values(field).annotate(**_SUMS)
    return grouped.order_by(F("cost").desc(nulls_last=True), "-runs", field)


def _by_time(span: Span, moment: TruncDate | TruncMonth) -> list[Cost]:
    rows = _runs(span).order_by().annotate(moment=moment).values("moment").annotate(**_SUMS)
    days = ((_day(row["moment"]), row) for row in rows.order_by("moment"))
    return [_cost(row, key=day, name=day.isoformat()) for day, row in days]


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _named(rows: Sequence[Mapping[str, Any]], field: str, names: QuerySet[Any]) -> list[Cost]:
    rows = list(rows)
    found: Mapping[Any, Model] = names.in_bulk([row[field] for row in rows])
    return [_cost(row, key=row[field], name=str(found.get(row[field], ""))) for row in rows]


def _days_before(day: date) -> Span:
    """Return the month of `day` until the day before it."""
    return Span(day.replace(day=1), day - timedelta(days=1))


def _added(one: Cost, other: Cost) -> Cost:
    """Return both in one line; without a baseline only if neither has one."""
    baselines = [cost.baseline_usd for cost in (one, other) if cost.baseline_usd is not None]
    counted = {name: getattr(one, name) + getattr(other, name) for name in _COUNTED}
    return Cost(
        key="",
        name="",
        cost_usd=one.cost_usd + other.cost_usd,
        compared_usd=one.compared_usd + other.compared_usd,
        baseline_usd=sum(baselines, ZERO) if baselines else None,
        **counted,
    )


def _to_json(cost: Cost) -> dict[str, Any]:
    amounts = {name: getattr(cost, name) for name in _AMOUNTS}
    written = {name: None if amount is None else str(amount) for name, amount in amounts.items()}
    return written | {name: getattr(cost, name) for name in _COUNTED}


def _from_json(value: Any) -> Cost:
    amounts: Any = {name: None if value[name] is None else Decimal(value[name]) for name in _AMOUNTS}
    return Cost(key="", name="", **amounts, **{name: value[name] for name in _COUNTED})


def _cost(row: Mapping[str, Any], *, key: Any, name: str) -> Cost:
    return Cost(
        key=key,
        name=name,
        runs=row["runs"],
        input_tokens=row["input"] or 0,
        cached_tokens=row["cached"] or 0,
        output_tokens=row["output"] or 0,
        cost_usd=row["cost"] or ZERO,
        unknown_usage=row["unknown_usage"],
        unknown_price=row["unknown_price"],
        baseline_usd=row["baseline"],
        compared_usd=row["compared"] or ZERO,
    )
