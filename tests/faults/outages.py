"""What an alert must tell of, as data: what is broken, how it is healed, and which rules say so."""

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Self

from tests.fakes.behaviour import Behaviour
from tests.fakes.laravel import FakeLaravel
from tests.faults.faults import Faults
from tests.faults.processes import Process

HOG_BYTES = 3 << 30
_PAGE = 4096


@dataclass
class Site:
    """A running house with a Laravel beside it, and the memory that somebody else takes from the machine."""

    faults: Faults
    laravel: FakeLaravel
    _hog: mmap.mmap | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.give_memory_back()

    def take_memory(self) -> None:
        self._hog = mmap.mmap(-1, HOG_BYTES)
        for offset in range(0, HOG_BYTES, _PAGE):
            self._hog[offset] = 1

    def give_memory_back(self) -> None:
        if self._hog is not None:
            self._hog.close()
            self._hog = None

    def kill(self, *processes: Process) -> None:
        """kill -9, and nobody starts them again until `start`."""
        for process in processes:
            process.kill(restart_after=inf)

    def start(self, *processes: Process) -> None:
        for process in processes:
            process.start()


@dataclass(frozen=True)
class Outage:
    """A fault; one of `rules` must fire while it lasts and end once it is healed."""

    name: str
    about: str
    rules: frozenset[str]
    inflict: Callable[[Site], None]
    heal: Callable[[Site], None]


OUTAGES = (
    Outage(
        "redis-stopped",
        "nobody listens at Redis's port",
        frozenset({"redis_down"}),
        lambda site: site.faults.redis("refuse"),
        lambda site: site.faults.redis("pass"),
    ),
    Outage(
        "postgres-slow",
        "whatever Postgres says comes 0.4 s late",
        frozenset({"database_slow"}),
        lambda site: site.faults.postgres("slow"),
        lambda site: site.faults.postgres("pass"),
    ),
    Outage(
        "workers-killed",
        "kill -9 of every worker",
        frozenset({"workers_down"}),
        lambda site: site.kill(*site.faults.stack.workers),
        lambda site: site.start(*site.faults.stack.workers),
    ),
    Outage(
        "beat-killed",
        "kill -9 of beat",
        frozenset({"beat_down"}),
        lambda site: site.kill(site.faults.stack.beat),
        lambda site: site.start(site.faults.stack.beat),
    ),
    Outage(
        "model-500s",
        "the model answers 500",
        frozenset({"provider_down"}),
        lambda site: site.faults.model(status=500),
        lambda site: site.faults.model_heal(),
    ),
    Outage(
        "laravel-down",
        "Laravel answers 503",
        frozenset({"laravel_down"}),
        lambda site: site.laravel.behave(Behaviour(status=503, times=None)),
        lambda site: site.laravel.reset(),
    ),
    Outage(
        "memory-pressure",
        "somebody takes so much memory that the threshold is passed",
        frozenset({"memory_high"}),
        Site.take_memory,
        Site.give_memory_back,
    ),
)
