"""Redis for what can do without it: when it does not answer it is left alone for a few seconds."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django_redis import get_redis_connection
from redis import Redis, RedisError

from botsite.telemetry.logging import get_logger

REST_SECONDS = 5.0

log = get_logger("redis")
Result = TypeVar("Result")


class RedisAway(Exception):
    """Redis did not answer just now or a moment ago. Whoever asked goes on without it."""


class RestingRedis:
    """The default Redis, whose outage costs a process one timeout in `REST_SECONDS`, not one a call."""

    def __init__(self) -> None:
        self._resting_until = 0.0
        self._lock = threading.Lock()

    def run(self, work: Callable[[Redis], Result], *, operation: str, fallback: str) -> Result:
        """Return what `work` does with the connection. Raises RedisAway, at once during the rest.

        `operation` and `fallback` say in the log what was to be done and what is done instead.
        """
        self._begin()
        try:
            result = work(get_redis_connection("default"))
        except (RedisError, OSError) as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("REDIS_AWAY", operation=operation, error=type(error).__name__, fallback=fallback)
            raise RedisAway from error
        self._resting_until = 0.0
        return result

    def _begin(self) -> None:
        """After a rest a single thread tries it; the others rest on until it is known to be back."""
        if not self._resting_until:
            return
        with self._lock:
            now = time.monotonic()
            if now < self._resting_until:
                raise RedisAway
            if self._resting_until:
                self._resting_until = now + REST_SECONDS


resting_redis = RestingRedis()
