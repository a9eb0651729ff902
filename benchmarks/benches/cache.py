"""A look-up in the cache, on each of its levels, beside the least that a look-up in Redis can cost."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from botsite import caching
from botsite.telemetry.meter import install_meter

USERS = caching.CLIENT_DATA.local_entries
PASSES = 10  # over all users, in every round
QUICK_PASSES = 1
PATIENCE_SECONDS = 10
OURS, BARE = "botsite", "bare redis-py"

IN_PROCESS = Figure(f"{USERS} users one after another, found in the process", "ms")
IN_REDIS = Figure(f"{USERS} users one after another, found in Redis", "ms")

LookUp = Callable[[int], Any]


class NotCached(BenchError):
    """A user was in no level of a warm cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpContender:
    """Looks users up by number: `near` where they were looked up just before, `far` where they were not."""

    name: str
    near: LookUp
    far: LookUp
    passes: int

    def measure(self) -> Sample:
        """Measure a round, and anew if a busy machine put the cache out of use for a moment."""
        try:
            return self._measure()
        except NotCached:
            _wait_until_usable()
            return self._measure()

    def _measure(self) -> Sample:
        few = range(USERS)
        # Twice as many as a process keeps: when a user's turn comes, it was thrown out for the others.
        many = range(USERS, 3 * USERS)
        _look_up(self.near, few)
        in_process = sum(_look_up(self.near, few) for _ in range(self.passes))
        in_redis = sum(_look_up(self.far, many) for _ in range(self.passes)) / 2
        return {IN_PROCESS: in_process / self.passes * 1000, IN_REDIS: in_redis / self.passes * 1000}


class CacheBench:
    about = (
        "client data of a few hundred bytes looked up in the cache, with its counts, "
        "beside a GET by redis-py and a json.loads of the same"
    )
    targets = (
        Target(figure=IN_PROCESS, against=BARE, at_most=0.1),
        Target(figure=IN_REDIS, against=BARE, at_most=2),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        install_meter()
        passes = QUICK_PASSES if quick else PASSES
        with redis.Redis.from_url(house.redis_url) as client:
            for number in range(3 * USERS):
                client.set(f"bare:{number}", json.dumps(_client_data(number)))
                caching.put(caching.CLIENT_DATA, _client_data(number), channel="bench", user=number)

            def bare(number: int) -> Any:
                return json.loads(client.get(f"bare:{number}") or b"null")

            yield (
                LookUpContender(name=OURS, near=_ours, far=_ours, passes=passes),
                LookUpContender(name=BARE, near=bare, far=bare, passes=passes),
            )


def _ours(number: int) -> Any:
    return caching.get_or_load(caching.CLIENT_DATA, _must_not_load, channel="bench", user=number)


def _must_not_load() -> Any:
    raise NotCached("a user was in no level of a warm cache")


def _wait_until_usable() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not caching.is_usable() and time.monotonic() < deadline:
        time.sleep(0.05)


def _look_up(look_up: LookUp, numbers: range) -> float:
    """Return the seconds that it took to look all of them up; each has to be found."""
    began = time.perf_counter()
    for number in numbers:
        found = look_up(number)
        if found["userName"] != str(number):
            raise BenchError(f"user {number} was not found")
    return time.perf_counter() - began


def _client_data(number: int) -> dict[str, Any]:
    return {
        "name": "María Fernanda Quispe Mamani",
        "userName": str(number),
        "labels": ["cliente frecuente", "reserva confirmada"],
        "chatId": f"5215550{number:06}@s.whatsapp.net",
        "lastActivity": "2026-11-21T11:15:00Z",
        "threadId": 1000 + number,
        "threadTokenCount": 1450,
    }


BENCH = CacheBench()
