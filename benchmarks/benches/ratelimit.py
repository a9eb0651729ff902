"""A call under a quota, beside the least that asking Redis anything costs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from botsite.resilience.ratelimit import Quota, admit
from botsite.telemetry.meter import install_meter

CALLS = 5_000
QUICK_CALLS = 100
OURS, BARE = "botsite", "bare redis-py"

ADMITTED = Figure(f"{CALLS} calls one after another, all admitted", "ms")
REFUSED = Figure(f"{CALLS} calls one after another, all refused", "ms")

_ROOMY = Quota(name="bench_roomy", limit=1_000_000, seconds=1)
_FULL = Quota(name="bench_full", limit=30, seconds=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContender:
    """Makes `calls` of each kind."""

    name: str
    admitted: Callable[[], object]
    refused: Callable[[], object]
    calls: int

    def measure(self) -> Sample:
        return {ADMITTED: self._timed(self.admitted), REFUSED: self._timed(self.refused)}

    def _timed(self, call: Callable[[], object]) -> float:
        began = time.perf_counter()
        for _ in range(self.calls):
            call()
        return (time.perf_counter() - began) / self.calls * CALLS * 1000


class RateLimitBench:
    about = "one call counted in the sliding window of a quota, beside a GET by redis-py"
    targets = (
        Target(figure=ADMITTED, against=BARE, at_most=2.5),
        Target(figure=REFUSED, against=BARE, at_most=2.5),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        install_meter()
        calls = QUICK_CALLS if quick else CALLS
        while not admit(_FULL, "key").wait:
            pass
        with redis.Redis.from_url(house.redis_url) as client:
            client.set("bare", "30")
            yield (
                CallContender(name=OURS, admitted=_admitted, refused=_refused, calls=calls),
                CallContender(
                    name=BARE,
                    admitted=lambda: client.get("bare"),
                    refused=lambda: client.get("bare"),
                    calls=calls,
                ),
            )


def _admitted() -> None:
    if admit(_ROOMY, "key").wait:
        raise BenchError("a call within the quota was refused")


def _refused() -> None:
    if not admit(_FULL, "key").wait:
        raise BenchError("a call over the quota was admitted")


BENCH = RateLimitBench()
