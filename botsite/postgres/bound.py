"""The bound of open database connections in one process.

Connections are per thread; a server has room for so many. A thread that finds no room waits a little for
another one to close its own, then fails with an error that says so.
"""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

import psycopg2
from psycopg2.extensions import connection as Connection

WAIT_SECONDS = 2.0
_LOOK_SECONDS = 0.02  # one closed by the server or with its thread tells nobody


class NoRoom(psycopg2.OperationalError):  # type: ignore[misc]  # psycopg2 is not typed
    """All connections that this process may have were in use for WAIT_SECONDS."""


class ConnectionBound:
    """Counts the connections that are really open, whoever closed the others and however."""

    def __init__(self) -> None:
        self._open: WeakSet[Connection] = WeakSet()
        self._opening = 0
        self._changed = threading.Condition()

    @contextmanager
    def place(self, most: int) -> Iterator[None]:
        """Keep a place for the connection that is opened in the block and given to `add`. Raises NoRoom."""
        deadline = time.monotonic() + WAIT_SECONDS
        if self.is_full(most):
            gc.collect()  # what a thread left open when it ended is part of a cycle
        with self._changed:
            while self._taken() >= most:
                if time.monotonic() > deadline:
                    raise NoRoom(f"all {most} database connections of this process are in use")
                self._changed.wait(_LOOK_SECONDS)
            self._opening += 1
        try:
            yield
        finally:
            with self._changed:
                self._opening -= 1

    def add(self, connection: Connection) -> None:
        """Count an open connection until it is closed or gone."""
        with self._changed:
            self._open.add(connection)

    def is_full(self, most: int) -> bool:
        with self._changed:
            return self._taken() >= most

    def count(self) -> int:
        """Return how many connections are open."""
        with self._changed:
            return self._taken() - self._opening

    def _taken(self) -> int:
        for connection in [one for one in self._open if one.closed]:
            self._open.discard(connection)
        return len(self._open) + self._opening


bound = ConnectionBound()
