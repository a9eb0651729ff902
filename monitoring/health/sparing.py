"""Asking others no more often than is decent: what they said stands for a while."""

import threading
import time
from collections.abc import Callable

from monitoring.health.findings import Finding
from monitoring.models import Status

EVERY_SECONDS = 300.0
AFTER_FAILURE_SECONDS = 60.0
"""Sooner again where something was wrong, so that its healing is seen."""

_lock = threading.Lock()
_said: dict[object, tuple[float, Finding]] = {}


def ask_sparingly(key: object, ask: Callable[[], Finding]) -> Finding:
    """Return what `ask` found under this key lately, or ask now.

    The key holds whatever the question depends on, so that other settings are another question.
    """
    now = time.monotonic()
    with _lock:
        asked_at, found = _said.get(key, (0.0, None))
    if found is not None and now - asked_at < _stands_for(found):
        return found
    found = ask()
    with _lock:
        _said[key] = (now, found)
    return found


def forget() -> None:
    """Ask anew."""
    with _lock:
        _said.clear()


def _stands_for(found: Finding) -> float:
    return EVERY_SECONDS if found.status is Status.UP else AFTER_FAILURE_SECONDS
