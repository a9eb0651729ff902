"""The recorder of web and worker processes: a dictionary, emptied into Redis every few seconds."""

import os
import threading
from collections.abc import Mapping
from multiprocessing.util import Finalize

import redis

from botsite.telemetry import meter_store, metrics
from botsite.telemetry.logging import get_logger

FLUSH_SECONDS = 5.0

log = get_logger("metrics")


class Meter:
    """Adds up in memory; a daemon thread, started by the first count, carries it to Redis.

    While Redis is away the sums go on growing here (by field, so that memory does not) and arrive later.
    A child process begins with nothing, for what it inherits is its parent's to carry.
    """

    def __init__(self, *, interval: float = FLUSH_SECONDS) -> None:
        self._interval = interval
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._amounts: dict[str, float] = {}
        self._adding = threading.Lock()
        self._flushing = threading.Lock()
        self._started = False
        self._is_away = False

    def add(self, field: str, amount: float) -> None:
        if not self._started:
            self._start()
        with self._adding:
            self._amounts[field] = self._amounts.get(field, 0) + amount

    def flush(self) -> bool:
        """Carry to Redis what has gathered; False when it could not be and is kept for the next time."""
        with self._flushing:
            with self._adding:
                amounts, self._amounts = self._amounts, {}
            try:
                if amounts:
                    meter_store.add(amounts)
            except (redis.RedisError, OSError) as error:
                self._put_back(amounts)
                if not self._is_away:
                    log.warning("METRICS_NOT_FLUSHED", error=type(error).__name__, fallback="kept in memory")
                self._is_away = True
                return False
            self._is_away = False
            return True

    def _put_back(self, amounts: Mapping[str, float]) -> None:
        with self._adding:
            for field, amount in amounts.items():
                self._amounts[field] = self._amounts.get(field, 0) + amount

    def _start(self) -> None:
        with self._adding:
            if self._started:
                return
            self._started = True
        threading.Thread(target=self._flush_for_ever, name="metrics", daemon=True).start()
        # Unlike atexit this also runs at the end of the processes that granian forks.
        Finalize(None, self.flush, exitpriority=0)

    def _flush_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._interval):
            self.flush()


def install_meter() -> None:
    """Let this process's counts go to Redis. Call it once, where the process begins."""
    metrics.install(Meter(), forgiving=True)
