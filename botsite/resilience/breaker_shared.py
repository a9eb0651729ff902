"""Circuits that all processes share: Lua scripts on the Redis server's clock.

Every operation carries the circuit as its process knows it. When that is of a later generation than what
Redis has, because Redis was emptied or the process went on without it for a while, Redis takes it over.
"""

import time
from functools import lru_cache
from typing import Any, cast

from django_redis import get_redis_connection
from redis import Redis
from redis.commands.core import Script

from botsite.resilience.breaker_scripts import COMMON, FORCE, LOOK, REPORT
from botsite.resilience.breaker_state import SLOTS, Answer, Circuit, Outcome, Policy, State
from botsite.resilience.redis_rest import resting_redis

NAMES_KEY = "botsite:breakers"
KEPT_SECONDS = 7 * 24 * 3600
"""A closed circuit that nobody used for so long is forgotten."""


class SharedCircuit:
    """One circuit in Redis. Every method raises RedisAway."""

    def __init__(self, name: str, policy: Policy) -> None:
        self._name = name
        self._policy = policy

    def look(self, known: Circuit, *, take_probe: bool) -> Answer:
        """Read the circuit; take the probe if it is asked for and due."""
        return self._run(LOOK, known, int(take_probe), _ms(self._policy.probe_seconds))

    def report(self, known: Circuit, *, generation: int, outcome: Outcome, times: int = 1) -> Answer:
        """Count `times` calls that were admitted at `generation` and ended alike; of a probe there is one."""
        policy = self._policy
        return self._run(
            REPORT,
            known,
            generation,
            outcome.value,
            policy.least_calls,
            policy.failure_rate,
            policy.failures_in_row,
            _ms(policy.recovery_seconds),
            _ms(policy.longest_recovery_seconds),
            times,
        )

    def _run(self, operation: str, known: Circuit, *arguments: str | float) -> Answer:
        window = _ms(self._policy.window_seconds)
        return resting_redis.run(
            lambda client: _answer(
                _call(client, operation, self._name, window=window, known=known, arguments=arguments)
            ),
            operation=f"breaker {self._name}",
            fallback="this process's own circuit",
        )


def circuits() -> dict[str, Answer]:
    """Return all circuits that somebody used lately, by name, in two round trips. Raises RedisAway."""
    return resting_redis.run(_read_all, operation="circuits", fallback="none are shown")


def circuit_force(name: str, *, by: str) -> Answer:
    """Open the circuit until it is closed by hand too, or (with `by` empty) close it. Raises RedisAway.

    `was` of the answer is None when there was nothing to change.
    """
    return resting_redis.run(
        lambda client: _answer(
            _call(client, FORCE, name, window=0, known=Circuit(), arguments=(int(bool(by)), by))
        ),
        operation=f"breaker {name}",
        fallback="nothing is changed",
    )


def _read_all(client: Redis) -> dict[str, Answer]:
    forgotten = _ms(time.time() - KEPT_SECONDS)
    found = cast("list[bytes]", client.zrangebyscore(NAMES_KEY, forgotten, "+inf"))
    names = sorted(name.decode() for name in found)
    with client.pipeline(transaction=False) as pipeline:
        for name in names:
            _call(pipeline, LOOK, name, window=0, known=Circuit(), arguments=(0, 0))
        return dict(zip(names, map(_answer, pipeline.execute()), strict=True))


def _call(
    client: Redis,
    operation: str,
    name: str,
    *,
    window: int,
    known: Circuit,
    arguments: tuple[str | float, ...],
) -> Any:
    key = f"botsite:breaker:{name}"
    common = (name, KEPT_SECONDS, window, SLOTS, *_sent(known))
    return _script(operation)((key, f"{key}:counts", NAMES_KEY), (*common, *arguments), client)


@lru_cache(maxsize=3)
def _script(operation: str) -> Script:
    return Script(get_redis_connection("default"), (COMMON + operation).encode())


def _sent(circuit: Circuit) -> tuple[str | float, ...]:
    now = time.monotonic()
    return (
        circuit.generation,
        int(circuit.is_open),
        _ms(now - circuit.since),
        _ms(circuit.retry_at - now),
        circuit.openings,
        _ms(circuit.leased_until - now),
        circuit.by,
    )


def _answer(found: list[Any]) -> Answer:
    generation, is_open, age, retry_in, openings, lease_left, by, granted, was, calls, failures = found
    now = time.monotonic()
    circuit = Circuit(
        generation=generation,
        is_open=bool(is_open),
        since=now - age / 1000,
        retry_at=now + retry_in / 1000,
        openings=openings,
        leased_until=now + lease_left / 1000,
        by=by.decode(),
    )
    return Answer(circuit, bool(granted), None if was < 0 else State(was), calls, failures)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
