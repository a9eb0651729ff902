"""Minutes of counts from Redis into Postgres, and hours from minutes.

A minute is copied as a whole whenever Redis holds a newer version of it than Postgres: copying twice, by any
process, changes nothing, and what is flushed late into a minute long copied arrives with the next round.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import redis
from django.db import connection, transaction
from django.utils import timezone

from botsite.telemetry import meter_store
from botsite.telemetry.logging import get_logger
from botsite.telemetry.meter_store import MinuteCounts
from monitoring.models import Granularity, MetricBucket
from monitoring.services.bucket_data import added_up, encoded

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MINUTES_AT_ONCE = 60
"""After an outage of Postgres the rest follows in the next rounds."""
_LOCK = 7_304_615_205  # any number that nothing else in this database locks
_WRITTEN = ("version", "known_until", "data")

log = get_logger("metrics")


def roll_up() -> dict[str, int]:
    """Copy what is new in Redis; returns how many "minutes" and "hours" were written.

    While Redis is away nothing is, and the time shows as unknown. Raises django.db.Error. Call it every 30 to
    60 seconds, outside of any transaction: a minute in which nobody called it and nothing was counted is
    unknown too.
    """
    now = timezone.now()
    try:
        meter_store.mark_minute()
        changed = _changed()
        counted = meter_store.minutes(sorted(changed)[:MINUTES_AT_ONCE])
    except (redis.RedisError, OSError) as error:
        log.warning("METRICS_NOT_ROLLED_UP", error=type(error).__name__, fallback="kept in Redis or memory")
        return {"minutes": 0, "hours": 0}
    with one_at_a_time():
        return _store(counted, now=now)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """A transaction in which nobody else adds hours up: each of two would miss the other's minute."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def minute_bucket(counts: MinuteCounts, *, now: datetime) -> MetricBucket:
    """Return the bucket, not saved, of a minute that was read from Redis at `now`."""
    start = minute_start(counts.number)
    return MetricBucket(
        granularity=Granularity.MINUTE,
        start=start,
        source=counts.at.epoch,
        version=counts.at.version,
        known_until=min(now, start + MINUTE),
        data=encoded(counts.series),
    )


def minute_start(number: int) -> datetime:
    """Return when the minute of this number begins."""
    return datetime.fromtimestamp(number * 60, tz=UTC)


def buckets_write(buckets: Iterable[MetricBucket]) -> None:
    """Store buckets, in the place of those of the same time and source."""
    MetricBucket.objects.bulk_create(
        buckets,
        update_conflicts=True,
        unique_fields=("granularity", "start", "source"),
        update_fields=_WRITTEN,
    )


def _changed() -> list[int]:
    """Return the numbers of the minutes of which Redis has more than Postgres."""
    there = meter_store.minute_versions()
    stored = _stored_versions(there)
    return [number for number, at in there.items() if stored.get((number, at.epoch), -1) < at.version]


def _stored_versions(numbers: Collection[int]) -> dict[tuple[int, str], int]:
    """Return the versions by the minute's number and the epoch of its hash."""
    if not numbers:
        return {}
    rows = MetricBucket.objects.filter(
        granularity=Granularity.MINUTE,
        start__range=(minute_start(min(numbers)), minute_start(max(numbers))),
    ).exclude(source=MetricBucket.GAUGES)
    return {
        (int(start.timestamp() // 60), source): version
        for start, source, version in rows.values_list("start", "source", "version")
    }


def _store(counted: Collection[MinuteCounts], *, now: datetime) -> dict[str, int]:
    """Write what is newer than the rows that are there: another process may have written them meanwhile."""
    stored = _stored_versions([counts.number for counts in counted])
    newer = [
        counts for counts in counted if stored.get((counts.number, counts.at.epoch), -1) < counts.at.version
    ]
    buckets_write([minute_bucket(counts, now=now) for counts in newer])
    hours = {minute_start(counts.number).replace(minute=0) for counts in newer}
    buckets_write([_hour(start) for start in sorted(hours)])
    return {"minutes": len(newer), "hours": len(hours)}


def _hour(start: datetime) -> MetricBucket:
    minutes = MetricBucket.objects.filter(
        granularity=Granularity.MINUTE, start__gte=start, start__lt=start + HOUR
    ).exclude(source=MetricBucket.GAUGES)
    rows = list(minutes)
    return MetricBucket(
        granularity=Granularity.HOUR,
        start=start,
        source=MetricBucket.COUNTS,
        known_until=max(row.known_until for row in rows),
        data=added_up(row.data for row in rows),
    )
