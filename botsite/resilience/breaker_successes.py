"""Calls that went well while their circuit was closed: gathered for a moment, then reported by a thread.

They are all but a few calls, and nobody needs to wait while they are counted.
"""

import os
import threading
import time
from collections import Counter
from typing import Protocol

from botsite.telemetry.logging import get_logger

GATHER_SECONDS = 0.05
"""So long a success may be counted later than it came."""

log = get_logger("breaker")


class Reporting(Protocol):
    """A breaker, that is."""

    def report_successes(self) -> None:
        """Report what was gathered until now."""


class Successes:
    """Of all circuits of this process. A forked child begins with none: its parent reports those."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock, self._reporting = threading.Lock(), threading.Lock()
        self._gathered: dict[Reporting, Counter[int]] = {}
        self._some = threading.Event()
        self._is_started = False

    def add(self, circuit: Reporting, generation: int) -> None:
        """Gather a success of a call that was admitted at `generation`."""
        with self._lock:
            self._gathered.setdefault(circuit, Counter())[generation] += 1
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._report_for_ever, name="breaker", daemon=True).start()
        self._some.set()

    def take(self, circuit: Reporting) -> Counter[int]:
        """Return how many successes by generation there were since the last time: the caller reports them."""
        if circuit not in self._gathered:
            return Counter()
        with self._lock:
            return self._gathered.pop(circuit, Counter())

    def report(self) -> None:
        """Report all that was gathered, and wait for what is being reported."""
        with self._reporting:
            for circuit in list(self._gathered):
                try:
                    circuit.report_successes()
                except Exception as error:  # the thread is needed for the others
                    log.error("BREAKER_REPORT_ERROR", error=type(error).__name__, fallback="not counted")

    def _report_for_ever(self) -> None:
        while True:
            self._some.wait()
            time.sleep(GATHER_SECONDS)
            self._some.clear()
            self.report()


successes = Successes()
