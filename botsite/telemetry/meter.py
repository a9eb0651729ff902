"""The recorder of web and worker processes: a dictionary, emptied into Redis every few seconds."""

import os
import threading
from multiprocessing.util import Finalize
from uuid import uuid4

import redis

from botsite.telemetry import meter_store, metrics
from botsite.telemetry.logging import get_logger
from botsite.telemetry.meter_store import Batch
from botsite.telemetry.series import Series, bucket_of

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
        self._writer, self._number = uuid4().hex, 0
        self._unsent: Batch | None = None
        self._adding = threading.Lock()
        self._flushing = threading.Lock()
        self._started = False
        self._is_away = False

    def add(self, field: str, amount: float) -> None:
        if not self._started:
            self._start()
        with self._adding:
            self._amounts[field] = self._amounts.get(field, 0) + amount

    def observe(self, series: Series, seconds: float) -> None:
        """Count a duration in its bucket and add it to the sum, both or neither."""
        if not self._started:
            self._start()
        bucket = series.buckets[bucket_of(seconds)]
        with self._adding:
            amounts = self._amounts
            amounts[bucket] = amounts.get(bucket, 0) + 1
            amounts[series.total] = amounts.get(series.total, 0) + seconds

    def flush(self) -> bool:
        """Carry to Redis what has gathered; False when it could not be and is kept for the next time."""
        with self._flushing:
            try:
                self._send()  # what may have arrived the last time goes again just as it was
                self._unsent = self._gathered()
                self._send()
            except (redis.RedisError, OSError) as error:
                if not self._is_away:
                    log.warning("METRICS_NOT_FLUSHED", error=type(error).__name__, fallback="kept in memory")
                self._is_away = True
                return False
            self._is_away = False
            return True

    def _send(self) -> None:
        if self._unsent:
            meter_store.add(self._unsent)
            self._unsent = None

    def _gathered(self) -> Batch | None:
        with self._adding:
            amounts, self._amounts = self._amounts, {}
        if not amounts:
            return None
        self._number += 1
        return Batch(self._writer, self._number, amounts)

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
