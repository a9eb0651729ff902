"""One load at a time for each key of this process; the others wait for its result."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from botsite.caching.layers import ANY, Layer


class Flights:
    """Loads under way. A forked child begins with none."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[tuple[str, str], Future[Any]] = {}

    def share(self, layer: Layer, key: str, lead: Callable[[], Any], alone: Callable[[], Any]) -> Any:
        """Return the result of `lead`, run by the first who comes; the others wait for it.

        Who waits too long, or for one that fails, returns `alone()`. What `lead` raises goes to its caller.
        """
        with self._lock:
            flight = self._flying.get((layer.name, key))
            if leads := flight is None:
                flight = self._flying[layer.name, key] = Future()
        if leads:
            return self._lead(layer.name, key, flight, lead)
        try:
            return flight.result(timeout=layer.wait_seconds)
        except (TimeoutError, CancelledError):
            return alone()

    def part(self, layer_name: str, key: str) -> None:
        """Let who comes from now on begin anew: what is loading may be out of date. `key` may hold ANY."""
        with self._lock:
            if ANY in key:
                # Of the whole layer: beginning anew too often costs a load, too seldom a wrong answer.
                self._flying = {flight: it for flight, it in self._flying.items() if flight[0] != layer_name}
            else:
                self._flying.pop((layer_name, key), None)

    def part_all(self) -> None:
        with self._lock:
            self._flying = {}

    def _lead(self, layer_name: str, key: str, flight: Future[Any], lead: Callable[[], Any]) -> Any:
        try:
            value = lead()
        except BaseException:
            flight.cancel()
            raise
        else:
            flight.set_result(value)
            return value
        finally:
            with self._lock:
                if self._flying.get((layer_name, key)) is flight:
                    del self._flying[layer_name, key]
