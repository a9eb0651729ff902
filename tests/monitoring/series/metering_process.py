"""Processes of their own: some count, and say when, a line for each count; some roll up."""

import os
import subprocess
import sys
import threading
import time
from typing import Self

from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter
from monitoring.services.rollup import roll_up

_START = "import django; django.setup(); from tests.monitoring.series import metering_process as it; it."


class MeteringProcess:
    """The test's end of it; `work` is a call of one of the functions below."""

    def __init__(self, work: str, *, redis_url: str, database_url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START + work],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "botsite.settings",
                "REDIS_URL": redis_url,
                "DATABASE_URL": database_url,
            },
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.communicate()

    def finish(self) -> list[float]:
        """Let it end by itself; returns when it counted."""
        said, _ = self._process.communicate("\n", timeout=120)
        assert self._process.returncode == 0
        return [float(line) for line in said.split()]

    def count_for(self, seconds: float) -> list[float]:
        """Wait until it has counted for so long; returns when it did."""
        assert self._process.stdout
        times = [float(self._process.stdout.readline())]
        while times[-1] < times[0] + seconds:
            times.append(float(self._process.stdout.readline()))
        return times

    def kill(self) -> list[float]:
        """kill -9; returns when it counted since it was last asked."""
        assert self._process.stdout
        self._process.kill()
        return [float(line) for line in self._process.stdout.read().split("\n")[:-1]]


def count_times(number: int, *, interval: float) -> None:
    """Count so often at full speed, flushing every `interval` seconds and at the end."""
    metrics.install(Meter(interval=interval), forgiving=False)
    for _ in range(number):
        _count()


def count_steadily(*, pause: float) -> None:
    """Count every `pause` seconds, with the flushes of production, until the input ends."""
    metrics.install(Meter(), forgiving=False)
    ended = _end_of_input()
    while not ended.wait(pause):
        _count()


def roll_up_all_the_time() -> None:
    """Roll up one round after the other until the input ends."""
    ended = _end_of_input()
    while not ended.is_set():
        roll_up()


def _count() -> None:
    metrics.count("turns_total", result="answered")
    metrics.observe("turn_seconds", 0.25)
    print(time.monotonic(), flush=True)


def _end_of_input() -> threading.Event:
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    return ended
