"""Counting look-ups, and logging of what fails, without a line for each."""

import threading
import time
from collections import Counter
from typing import Literal

from botsite.caching.layers import Layer
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger

LOG_SECONDS = 5.0
"""An outage has one line in this time for each kind of failure."""

Result = Literal["hit", "miss", "error"]

log = get_logger("caching")
counted: Counter[tuple[str, str, str]] = Counter()
"""This process's own look-ups by (layer, level, result), for when the cluster's counts cannot be had.

Counted without a lock: one lost among threads is no loss here, the meter's count is exact.
"""

_logging = threading.Lock()
_silent_until: dict[str, float] = {}


def count(layer: Layer, level: Literal["process", "redis"], result: Result) -> None:
    counted[layer.name, level, result] += 1
    metrics.count("cache_requests_total", layer=layer.name, level=level, result=result)


def log_failure(event: str, layer: Layer, error: str, *, fallback: str) -> None:
    """Log `event` (a category of the contract) with the error's name, at most every few seconds."""
    with _logging:
        now = time.monotonic()
        if now < _silent_until.get(event, 0):
            return
        _silent_until[event] = now + LOG_SECONDS
    log.warning(event, operation=layer.name, error=error, fallback=fallback)
