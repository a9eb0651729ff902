"""Counting and timing on the hot path, beside the least that asking Redis anything costs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from botsite.telemetry import meter_store, metrics
from botsite.telemetry.meter import Meter

TIMES = 5_000
QUICK_TIMES = 100
PASSES = 20  # ours are so fast that one would measure the clock
OURS, BARE = "botsite", "bare redis-py"

COUNTED = Figure(f"{TIMES} counts with two labels", "ms")
OBSERVED = Figure(f"{TIMES} durations with one label", "ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContender:
    """Does each kind of work `times` over, `passes` times."""

    name: str
    count: Callable[[], object]
    observe: Callable[[], object]
    times: int
    passes: int

    def measure(self) -> Sample:
        return {COUNTED: self._timed(self.count), OBSERVED: self._timed(self.observe)}

    def _timed(self, work: Callable[[], object]) -> float:
        began = time.perf_counter()
        for _ in range(self.times * self.passes):
            work()
        return (time.perf_counter() - began) / (self.times * self.passes) * TIMES * 1000


class MetricsBench:
    about = "a count and a duration, in a process that flushes every 5 s, beside a GET by redis-py"
    targets = (
        Target(figure=COUNTED, against=BARE, at_most=0.02),
        Target(figure=OBSERVED, against=BARE, at_most=0.02),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        meter = Meter()
        metrics.install(meter, forgiving=False)
        times = QUICK_TIMES if quick else TIMES
        with redis.Redis.from_url(house.redis_url) as client:
            client.set("bare", "30")

            def bare() -> object:
                return client.get("bare")

            yield (
                RecordContender(name=OURS, count=_count, observe=_observe, times=times, passes=PASSES),
                RecordContender(name=BARE, count=bare, observe=bare, times=times, passes=1),
            )
        _check(meter)


def _count() -> None:
    metrics.count("ai_requests_total", provider="bench", result="ok")


def _observe() -> None:
    metrics.observe("ai_request_seconds", 0.37, provider="bench")


def _check(meter: Meter) -> None:
    """What was measured has to have arrived, all of it."""
    meter.flush()
    totals = meter_store.totals()
    counted = totals["ai_requests_total", ("bench", "ok")].total
    observed = sum(totals["ai_request_seconds", ("bench",)].buckets.values())
    if not counted == observed > 0:
        raise BenchError(f"{counted:g} counts arrived, and {observed} durations")


BENCH = MetricsBench()
