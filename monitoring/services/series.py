"""Reading what was counted and sampled: all numbers of a page in one query and one round trip to Redis."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import JSONField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from botsite.resilience.redis_rest import RedisAway, resting_redis
from botsite.telemetry import meter_store
from monitoring.models import Granularity, MetricBucket
from monitoring.services.folding import folded
from monitoring.services.frame import LENGTHS, SAMPLE_AGE, Frame, Point
from monitoring.services.rollup import minute_bucket
from monitoring.services.time_steps import Steps, Window

__all__ = ("Frame", "Point", "Window", "read")

MINUTES_READABLE = timedelta(hours=48)
"""Windows that begin earlier are read by the hour."""
_ONLY = "(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(data) WHERE key = ANY(%s))"
OVERLAY_MINUTES = 30
"""So far back Redis is asked for what is not rolled up yet; usually it is the last minute or two."""


def read(window: Window, names: Collection[str] | None = None, *, step: timedelta | None = None) -> Frame:
    """Return the figures of a window: of the instruments and gauges in `names`, or of all.

    `step`: counts will be asked for in steps of this length alone, or for all of the window. They are added
    up to them once, here, and from an hour on they are read by the hour.

    While Redis is away they are as of the last roll-up; `as_of` says so. Raises django.db.Error.
    """
    granularity = _granularity(window, step)
    rows = _rows(window, granularity, names)
    counts = [row for row in rows if row.source != MetricBucket.GAUGES and row.granularity == granularity]
    gauges = [row for row in rows if row.source == MetricBucket.GAUGES]
    if granularity is Granularity.MINUTE:
        counts = _newest([*counts, *_not_rolled_up(window, counts)])
    if names is not None:
        for row in (*counts, *gauges):
            row.data = {name: row.data[name] for name in names if name in row.data}
    known = _known_time(counts, LENGTHS[granularity])
    if step is not None:
        counts = folded(counts, Steps.of(window, max(step, LENGTHS[granularity])))
    return Frame(window, granularity, counts, gauges, known=known, names=names)


def _granularity(window: Window, step: timedelta | None) -> Granularity:
    if step is not None and step >= LENGTHS[Granularity.HOUR]:
        return Granularity.HOUR
    is_recent = window.since >= timezone.now() - MINUTES_READABLE - LENGTHS[Granularity.MINUTE]
    return Granularity.MINUTE if is_recent else Granularity.HOUR


def _rows(window: Window, granularity: Granularity, names: Collection[str] | None) -> list[MetricBucket]:
    """The first bucket began before the window. The last samples are read by the minute in any case."""
    since = window.since - LENGTHS[granularity]
    wanted = Q(granularity=granularity, start__gt=since, start__lt=window.until)
    if granularity is Granularity.HOUR:
        latest = Q(start__gte=window.until - SAMPLE_AGE, start__lt=window.until)
        wanted |= latest & Q(granularity=Granularity.MINUTE, source=MetricBucket.GAUGES)
    rows = MetricBucket.objects.filter(wanted).order_by("start")
    return list(rows if names is None else _with_only(rows, names))


def _with_only(rows: QuerySet[MetricBucket], names: Collection[str]) -> Iterator[MetricBucket]:
    """Read of each row's data just what is wanted: parsing the rest would take most of the time."""
    wanted = RawSQL(_ONLY, [list(names)], output_field=JSONField())  # noqa: S611  the names are a parameter
    for row in rows.defer("data").annotate(wanted=wanted):
        row.data = row.wanted
        yield row


def _not_rolled_up(window: Window, stored: Iterable[MetricBucket]) -> list[MetricBucket]:
    """Return what Redis has of the minutes from the last but one of those that are stored on."""
    now = timezone.now()
    newest = max((bucket.start for bucket in stored), default=window.since)
    earliest = max(newest - LENGTHS[Granularity.MINUTE], now - timedelta(minutes=OVERLAY_MINUTES))
    numbers = range(_number(earliest), _number(min(window.until, now)) + 1)
    if not numbers:
        return []
    try:
        counted = resting_redis.run(
            lambda _: meter_store.minutes(numbers),
            operation="metrics_read",
            fallback="the last roll-up",
        )
    except RedisAway:
        return []
    found = (minute_bucket(counts, now=now) for counts in counted)
    first = window.since - LENGTHS[Granularity.MINUTE]
    return [bucket for bucket in found if first < bucket.start < window.until]


def _newest(buckets: Iterable[MetricBucket]) -> list[MetricBucket]:
    """Return one bucket of each time and source, its newest version, the earliest time first."""
    newest: dict[tuple[datetime, str], MetricBucket] = {}
    for bucket in buckets:
        earlier = newest.get((bucket.start, bucket.source))
        if earlier is None or earlier.version < bucket.version:
            newest[bucket.start, bucket.source] = bucket
    return sorted(newest.values(), key=lambda bucket: bucket.start)


def _known_time(counts: Iterable[MetricBucket], length: timedelta) -> timedelta:
    """Return how much time the buckets span; the newest may be known in part only."""
    known_until: dict[datetime, datetime] = {}
    for bucket in counts:
        known_until[bucket.start] = max(bucket.known_until, known_until.get(bucket.start, bucket.start))
    return sum((min(until - start, length) for start, until in known_until.items()), timedelta())


def _number(moment: datetime) -> int:
    return int(moment.timestamp() // 60)
