"""From an invalidation to another process's missing of the value, beside a bare PUBLISH to a subscriber."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.summaries import percentile
from benchmarks.watcher import NEWS
from botsite import caching

TIMES = 300  # in every round
QUICK_TIMES = 5
OURS, BARE = "botsite", "bare PUBLISH"
MEDIAN, P99 = Figure("until another process sees it, p50", "ms"), Figure("the same, p99", "ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementContender:
    """Announces changes to a watching process, one after another."""

    name: str
    watcher: "subprocess.Popen[str]"
    announce: Callable[[int], object]
    times: int

    def measure(self) -> Sample:
        latencies = [self._latency(number) * 1000 for number in range(self.times)]
        return {MEDIAN: percentile(latencies, 50), P99: percentile(latencies, 99)}

    def _latency(self, number: int) -> float:
        stdin, stdout = self.watcher.stdin, self.watcher.stdout
        if stdin is None or stdout is None:
            raise BenchError(f"the watcher of {self.name} has no pipes")
        print(number, file=stdin, flush=True)
        if stdout.readline() != "ready\n":
            raise BenchError(f"the watcher of {self.name} did not get ready")
        began = time.monotonic()  # the one clock of all processes
        self.announce(number)
        return float(stdout.readline()) - began


class InvalidationBench:
    about = (
        "a value in another process's memory is invalidated, until that process does not find it any more, "
        "beside a bare PUBLISH until a subscriber has it"
    )
    targets = (Target(figure=MEDIAN, against=BARE, at_most=15),)

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        times = QUICK_TIMES if quick else TIMES
        with (
            redis.Redis.from_url(house.redis_url) as client,
            _watcher("cache") as ours,
            _watcher("bare") as bare,
        ):
            yield (
                AnnouncementContender(name=OURS, watcher=ours, announce=_invalidate, times=times),
                AnnouncementContender(
                    name=BARE, watcher=bare, announce=lambda number: client.publish(NEWS, number), times=times
                ),
            )


def _invalidate(number: int) -> None:
    caching.invalidate(caching.CLIENT_DATA, channel="bench", user=number)


@contextmanager
def _watcher(kind: str) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.watcher", kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


BENCH = InvalidationBench()
