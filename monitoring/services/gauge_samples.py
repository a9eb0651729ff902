"""How things stand, sampled once a minute into the same buckets that counts are kept in."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from django.db import Error as DatabaseError
from django.utils import timezone

from botsite.telemetry.logging import get_logger
from conversations.models import Direction
from conversations.services.budget_standing import standings
from conversations.services.summaries import high_token_threads
from monitoring.models import Granularity, MetricBucket
from monitoring.services.bucket_data import Data, averaged, labels_text
from monitoring.services.figures.conversations import active_conversations
from monitoring.services.figures.processes import memory_of_hosts, process_figures
from monitoring.services.figures.shop_sessions import open_sessions
from monitoring.services.message_counts import state_counts
from monitoring.services.rollup import HOUR, buckets_write, one_at_a_time
from sessions_app.services.forward_figures import forward_counts

Samples = Mapping[str, Mapping[tuple[str, ...], float]]
"""By the gauge's name and the values of its labels."""

log = get_logger("metrics")


def sample_gauges() -> int:
    """Sample every gauge into the present minute; returns how many series that were. Raises django.db.Error.

    Twice in a minute, the later sample stands. What cannot be read is left out, and thus unknown. Call it
    once a minute, outside of any transaction; Redis is not needed.
    """
    now = timezone.now()
    data: Data = {}
    for sampler in _SAMPLERS:
        data |= _sampled(sampler)
    _store(data, now)
    return sum(len(values) for values in data.values())


def _sampled(sampler: Callable[[], Samples]) -> Data:
    try:
        samples = sampler()
    except DatabaseError as error:
        log.warning("GAUGE_NOT_SAMPLED", operation=sampler.__name__, error=type(error).__name__)
        return {}
    return {
        name: {labels_text(labels): value for labels, value in found.items()}
        for name, found in samples.items()
    }


def _store(data: Data, now: datetime) -> None:
    start = now.replace(second=0, microsecond=0)
    with one_at_a_time():
        buckets_write([_bucket(Granularity.MINUTE, start, now, data)])
        hour = start.replace(minute=0)
        minutes = MetricBucket.objects.filter(
            granularity=Granularity.MINUTE,
            start__gte=hour,
            start__lt=hour + HOUR,
            source=MetricBucket.GAUGES,
        )
        means = averaged(minute.data for minute in minutes)
        buckets_write([_bucket(Granularity.HOUR, hour, now, means)])


def _bucket(granularity: Granularity, start: datetime, now: datetime, data: Data) -> MetricBucket:
    return MetricBucket(
        granularity=granularity, start=start, source=MetricBucket.GAUGES, known_until=now, data=data
    )


def _messages() -> Samples:
    counted = state_counts()
    names = {Direction.IN: "inbox_messages", Direction.OUT: "outbox_messages"}
    return {
        name: {(state,): count for (of, state), count in counted.items() if of == direction}
        for direction, name in names.items()
    }


def _forwards() -> Samples:
    return {"forward_items": {labels: float(count) for labels, count in forward_counts().items()}}


def _threads() -> Samples:
    return {"high_token_threads": {(): high_token_threads().count()}}


def _sessions() -> Samples:
    return {
        "active_conversations": {(): active_conversations()},
        "active_shop_sessions": {(): open_sessions().count()},
    }


def _budgets() -> Samples:
    return {
        "budget_used_percent": {
            (str(standing.budget.channel_id or "all"), part.period): part.percent
            for standing in standings()
            for part in (standing.day, standing.month)
            if part.percent is not None
        }
    }


def _processes() -> Samples:
    figures = process_figures()
    return {
        "processes": {(kind,): found.count for kind, found in figures.items()},
        "process_memory_bytes": _known((kind, found.rss_bytes) for kind, found in figures.items()),
        "process_cpu_percent": _known((kind, found.cpu_percent) for kind, found in figures.items()),
        "process_uptime_seconds": _known((kind, found.uptime_seconds) for kind, found in figures.items()),
        "host_memory_percent": _known(memory_of_hosts().items()),
    }


def _known(values: Iterable[tuple[str, float | None]]) -> dict[tuple[str, ...], float]:
    return {(label,): value for label, value in values if value is not None}


_SAMPLERS: Iterable[Callable[[], Samples]] = (
    _messages,
    _forwards,
    _threads,
    _sessions,
    _budgets,
    _processes,
)
"""The gauges of monitoring/services/gauge_table.py, a few at a time."""
