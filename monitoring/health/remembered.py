"""The checks' states as this process last read them, for who asks often and needs no more than that."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from django.db import Error as DatabaseError

from monitoring.services.health_states import CheckState, states

FRESH_SECONDS = 5.0
KEPT_SECONDS = 120.0
"""With the database away they are what was last known for so long, then nothing."""


class _Memory:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.read_at = float("-inf")
        self.states: Sequence[CheckState] = ()


_memory = _Memory()


def remembered_states(*, may_read: bool) -> Sequence[CheckState]:
    """Return the states, read anew after FRESH_SECONDS where `may_read`. Never raises."""
    with _memory.lock:
        now = time.monotonic()
        if may_read and now - _memory.read_at > FRESH_SECONDS:
            with suppress(DatabaseError):  # what was known stays
                _memory.states, _memory.read_at = states(), now
        return _memory.states if now - _memory.read_at <= KEPT_SECONDS else ()


def forget() -> None:
    """Read anew at the next call."""
    _memory.read_at, _memory.states = float("-inf"), ()
