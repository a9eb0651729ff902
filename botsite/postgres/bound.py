"""The bound of open database connections in one process.

Connections are per thread; a server has room for so many. A thread that finds no room waits a little for
another one to close its own, then fails with an error that says so. Idle connections count, and make room.
"""

import gc
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

import psycopg2
from psycopg2.extensions import connection as Connection

from botsite.postgres.idle import IdleConnections

WAIT_SECONDS = 2.0
FAVOURED_WAIT_SECONDS = 10.0
"""They are few, and nobody's message waits for them."""
_LOOK_SECONDS = 0.02  # one closed by the server or with its thread tells nobody


class NoRoom(psycopg2.OperationalError):  # type: ignore[misc]  # psycopg2 is not typed
    """All connections that this process may have were in use for WAIT_SECONDS."""


class ConnectionBound:
    """Counts the connections that are really open, whoever closed the others and however."""

    def __init__(self) -> None:
        self._open: WeakSet[Connection] = WeakSet()
        self._idle = IdleConnections()
        self._opening = 0
        self._reserved = 0
        self._thread = threading.local()
        self._waiting: dict[bool, deque[object]] = {True: deque(), False: deque()}
        self._changed = threading.Condition()
        os.register_at_fork(after_in_child=self._begin_in_child)

    def _begin_in_child(self) -> None:
        self._changed = threading.Condition()  # another thread of the parent may hold it for ever
        self._idle.forget()
        self._opening = 0
        self._waiting = {True: deque(), False: deque()}

    def reserve(self, places: int) -> None:
        """Keep so many places free for threads within `favoured`."""
        self._reserved = places

    @contextmanager
    def favoured(self) -> Iterator[None]:
        """Let this thread use the reserved places too: whoever tells that there is no room needs some."""
        self._thread.is_favoured = True
        try:
            yield
        finally:
            self._thread.is_favoured = False

    @contextmanager
    def place(self, most: int, key: Hashable = None) -> Iterator[Connection | None]:
        """Keep a place for the connection that is opened in the block and given to `add`. Raises NoRoom.

        An idle one of the same `key` comes with it: it may be broken, and is closed when the block fails.
        """
        is_favoured = self._is_favoured()
        room = most if is_favoured else max(most - self._reserved, 1)
        deadline = time.monotonic() + (FAVOURED_WAIT_SECONDS if is_favoured else WAIT_SECONDS)
        if self.is_full(room):
            gc.collect()  # what a thread left open when it ended is part of a cycle
        with self._changed, self._in_turn(self._waiting[is_favoured]) as is_next:
            while not is_next() or self._in_use() >= room:
                if time.monotonic() > deadline:
                    raise NoRoom(f"all {room} database connections of this process are in use")
                self._changed.wait(_LOOK_SECONDS)
            kept = self._idle.take(key)
            if kept is None and self._taken() >= most:
                self._idle.drop(1)
            self._opening += 1
            if kept is not None:
                self._open.discard(kept)
        try:
            yield kept
        except BaseException:
            if kept is not None:
                kept.close()
            raise
        finally:
            with self._changed:
                self._opening -= 1

    def add(self, connection: Connection, *, is_new: bool = True) -> None:
        """Count an open connection until it is closed or gone."""
        with self._changed:
            self._open.add(connection)
            if is_new:
                self._idle.opened(connection)

    def keep(self, key: Hashable, connection: Connection) -> bool:
        """Keep a connection that its thread needs no more for another one; False: it is to be closed."""
        with self._changed:
            is_kept = self._idle.keep(key, connection)
            self._changed.notify_all()
        return is_kept

    def drop_idle(self) -> None:
        """Close what nobody uses."""
        with self._changed:
            self._idle.drop()

    def is_full(self, most: int) -> bool:
        """Whether there is neither room for a connection nor an idle one."""
        with self._changed:
            return self._in_use() >= most

    def count(self) -> int:
        """Return how many connections are open."""
        with self._changed:
            return self._taken() - self._opening

    @contextmanager
    def _in_turn(self, waiting: deque[object]) -> Iterator[Callable[[], bool]]:
        """Stand in line; what is yielded tells whether this thread is the first. Whoever is busy would else
        take again at once what it has just given back."""
        me = object()
        waiting.append(me)
        try:
            yield lambda: waiting[0] is me
        finally:
            waiting.remove(me)
            self._changed.notify_all()

    def _is_favoured(self) -> bool:
        return getattr(self._thread, "is_favoured", False)

    def _in_use(self) -> int:
        return self._taken() - len(self._idle)

    def _taken(self) -> int:
        for connection in [one for one in self._open if one.closed]:
            self._open.discard(connection)
        return len(self._open) + self._opening


bound = ConnectionBound()
