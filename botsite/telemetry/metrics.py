"""Counting and timing, from anywhere: `count("turns_total", result="answered")`.

It goes nowhere until a recorder is installed, which web and worker processes do at their start (meter.py).
"""

from functools import lru_cache
from typing import Protocol

from botsite.telemetry.instruments import Kind
from botsite.telemetry.logging import get_logger
from botsite.telemetry.series import Series, UndeclaredMetric, series_of

log = get_logger("metrics")


class Recorder(Protocol):
    """Adds up amounts by field. It is called on hot paths by many threads, and never raises."""

    def add(self, field: str, amount: float) -> None: ...

    def observe(self, series: Series, seconds: float) -> None: ...


class NullRecorder:
    def add(self, field: str, amount: float) -> None:
        """Forget it."""

    def observe(self, series: Series, seconds: float) -> None:
        """Forget it."""


class _Facade:
    """Where counts go, and whether a mistaken one raises."""

    def __init__(self) -> None:
        self.recorder: Recorder = NullRecorder()
        self.forgiving = False


_facade = _Facade()


def install(recorder: Recorder, *, forgiving: bool) -> None:
    """Let `recorder` take all that is measured from now on.

    `forgiving`: an undeclared metric is logged, once, and otherwise ignored; else it raises UndeclaredMetric.
    """
    _facade.recorder, _facade.forgiving = recorder, forgiving


def count(name: str, amount: float = 1, /, **labels: str) -> None:
    """Add `amount` (not negative) to a declared counter."""
    try:
        series = _counter(name, tuple(labels.items()))
    except UndeclaredMetric as error:
        _misused(error)
    else:
        _facade.recorder.add(series.total, amount)


def observe(name: str, seconds: float, /, **labels: str) -> None:
    """Note a duration in a declared histogram."""
    try:
        series = _histogram(name, tuple(labels.items()))
    except UndeclaredMetric as error:
        _misused(error)
    else:
        _facade.recorder.observe(series, seconds)


# One cache for each kind: an Enum in the key would have Python code run for its hash, at every count.
@lru_cache(maxsize=4096)
def _counter(name: str, labels: tuple[tuple[str, str], ...]) -> Series:
    return series_of(name, Kind.COUNTER, dict(labels))


@lru_cache(maxsize=4096)
def _histogram(name: str, labels: tuple[tuple[str, str], ...]) -> Series:
    return series_of(name, Kind.HISTOGRAM, dict(labels))


def _misused(error: UndeclaredMetric) -> None:
    if not _facade.forgiving:
        raise error
    _log_once(str(error))


@lru_cache(maxsize=256)
def _log_once(error: str) -> None:
    log.error("METRIC_UNDECLARED", error=error)
