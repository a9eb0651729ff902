"""All processes' counts and the state of things, as Prometheus families."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

import redis
from django.db import Error as DatabaseError
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from botsite.resilience.redis_rest import RedisAway
from botsite.telemetry import meter_store
from botsite.telemetry.instruments import INSTRUMENTS, Instrument, Kind
from botsite.telemetry.logging import get_logger
from botsite.telemetry.series import BUCKET_BOUNDS, SeriesKey, SeriesValue
from monitoring.metrics import gauges
from monitoring.metrics.books import booked_counters

log = get_logger("metrics")

_UPPER_BOUNDS = [f"{bound:.4g}" for bound in BUCKET_BOUNDS] + ["+Inf"]


class ClusterCollector(Collector):
    """What cannot be read now is left out: a gap in a graph is honest, a zero would not be."""

    def collect(self) -> Iterator[Metric]:
        yield gauges.health_gauge()
        try:
            yield from _counted(meter_store.totals())
            yield gauges.circuit_gauge()
        except (redis.RedisError, OSError, RedisAway) as error:
            log.warning("METRICS_NOT_READ", error=type(error).__name__, store="redis")
        try:
            yield from gauges.stored_gauges()
            yield from booked_counters()
        except DatabaseError as error:
            log.warning("METRICS_NOT_READ", error=type(error).__name__, store="database")


def _counted(totals: Mapping[SeriesKey, SeriesValue]) -> Iterator[Metric]:
    for instrument in INSTRUMENTS.values():
        found = [(labels, value) for (name, labels), value in totals.items() if name == instrument.name]
        if not instrument.labels and not found:
            found = [((), SeriesValue())]  # a rate needs to have seen the zero
        yield (
            _counter(instrument, found) if instrument.kind is Kind.COUNTER else _histogram(instrument, found)
        )


def _counter(instrument: Instrument, found: Iterable[tuple[tuple[str, ...], SeriesValue]]) -> Metric:
    family = CounterMetricFamily(instrument.name, instrument.help, labels=instrument.labels)
    for labels, value in found:
        family.add_metric(labels, value.total)
    return family


def _histogram(instrument: Instrument, found: Iterable[tuple[tuple[str, ...], SeriesValue]]) -> Metric:
    family = HistogramMetricFamily(instrument.name, instrument.help, labels=instrument.labels)
    for labels, value in found:
        counts = accumulate(value.buckets.get(number, 0) for number in range(len(_UPPER_BOUNDS)))
        family.add_metric(labels, list(zip(_UPPER_BOUNDS, counts, strict=True)), value.total)
    return family
