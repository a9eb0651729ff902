"""Thirty days of figures, as a site that has worked for so long would have them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from monitoring.demo.traffic import Traffic
from monitoring.models import Granularity, MetricBucket
from monitoring.services.bucket_data import encoded, labels_text

HOURS = 30 * 24
MINUTES = 48 * 60
SOURCE = "demo"
_BATCH = 500


def seed_history(*, peak: float = 3.0) -> int:
    """Make the buckets of the last 30 days unless there are old ones; returns how many are new.

    `peak` is how many messages come in the busiest minute. The site may be at work already: what it has
    counted stays.
    """
    now, before = timezone.now(), MetricBucket.objects.count()
    if MetricBucket.objects.filter(start__lt=now - timedelta(days=1)).exists():
        return 0
    traffic = Traffic(peak, Random(30))  # noqa: S311  no secret
    MetricBucket.objects.bulk_create(_buckets(now, traffic), batch_size=_BATCH, ignore_conflicts=True)
    return MetricBucket.objects.count() - before


def _buckets(now: datetime, traffic: Traffic) -> Iterator[MetricBucket]:
    minute = now.replace(second=0, microsecond=0)
    hour = minute.replace(minute=0)
    for number in range(HOURS, 0, -1):
        yield from _pair(Granularity.HOUR, hour - timedelta(hours=number), 60, traffic)
    if minute > hour:
        yield from _pair(Granularity.HOUR, hour, minute.minute, traffic)
    for number in range(MINUTES, 0, -1):
        yield from _pair(Granularity.MINUTE, minute - timedelta(minutes=number), 1, traffic)


def _pair(
    granularity: Granularity, start: datetime, minutes: int, traffic: Traffic
) -> Iterator[MetricBucket]:
    """Yield the counts and the samples of one stretch of time."""
    until = start + timedelta(minutes=minutes)
    counts = encoded(traffic.counted(start, minutes))
    samples = {
        name: {labels_text(labels): value for labels, value in values.items()}
        for name, values in traffic.sampled(start).items()
    }
    mine = SOURCE if granularity is Granularity.MINUTE else MetricBucket.COUNTS
    for source, data in ((mine, counts), (MetricBucket.GAUGES, samples)):
        yield MetricBucket(granularity=granularity, start=start, source=source, known_until=until, data=data)
