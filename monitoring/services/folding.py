"""Buckets of counts added up to longer ones: a chart of sixty steps need not look through every hour."""

from collections.abc import Iterable

from monitoring.models import MetricBucket
from monitoring.services.bucket_data import added_up
from monitoring.services.time_steps import Steps


def folded(buckets: Iterable[MetricBucket], steps: Steps) -> list[MetricBucket]:
    """Return one bucket, not saved, for each step of which anything is known, the earliest first."""
    by_step: dict[float, list[MetricBucket]] = {}
    for bucket in buckets:
        by_step.setdefault(steps.start_of(bucket.start).timestamp(), []).append(bucket)
    return [_one(found, steps) for _at, found in sorted(by_step.items())]


def _one(buckets: list[MetricBucket], steps: Steps) -> MetricBucket:
    return MetricBucket(
        granularity=buckets[0].granularity,
        start=steps.start_of(buckets[0].start),
        source=MetricBucket.COUNTS,
        known_until=max(bucket.known_until for bucket in buckets),
        data=added_up(bucket.data for bucket in buckets),
    )
