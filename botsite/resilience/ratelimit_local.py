"""The limiter's windows in this process's memory, for as long as Redis is away."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MAX_KEYS = 10_000


class LocalWindows:
    """Sliding windows by key. Thread-safe; beyond MAX_KEYS the one asked about longest ago is dropped."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()

    def admit(self, key: str, *, limit: int, seconds: float, units: int = 1) -> tuple[bool, int, float]:
        """Count `units` if there is room for all; returns whether, what is left, seconds until more."""
        with self._lock:
            now = self._clock()
            window = self._window(key)
            while window and window[0][0] <= now - seconds:
                window.popleft()
            used = sum(own for _, own in window)
            if used + units > limit:
                return False, max(limit - used, 0), _room_at(window, used + units - limit) + seconds - now
            window.append((now, units))
            return True, limit - used - units, window[0][0] + seconds - now

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()

    def _window(self, key: str) -> deque[tuple[float, int]]:
        window = self._windows.setdefault(key, deque())
        self._windows.move_to_end(key)
        if len(self._windows) > MAX_KEYS:
            self._windows.popitem(last=False)
        return window


def _room_at(window: deque[tuple[float, int]], excess: int) -> float:
    """Return when the units were counted with which `excess` of the oldest ones will have left."""
    for moment, own in window:
        excess -= own
        if excess <= 0:
            return moment
    raise ValueError("more units than the limit")
