"""The bound of open database connections in one process.

Connections are per thread; a server has room for so many. A thread that finds no room waits a little for
another one to close its own, then fails with an error that says so. Idle connections count, and make room.
"""

import gc
import os
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

import psycopg2
from psycopg2.extensions import connection as Connection

from botsite.postgres.idle import IdleConnections

WAIT_SECONDS = 2.0
FAVOURED_WAIT_SECONDS = 10.0
"""They are few, and nobody's message waits for them."""
_LOOK_SECONDS = 0.02  # one closed by the server or with its thread tells nobody
_COLLECT_SECONDS = 1.5  # at most so often: it stops every thread of the process for a tenth of a second


class NoRoom(psycopg2.OperationalError):  # type: ignore[misc]  # psycopg2 is not typed
    """All connections that this process may have were in use for WAIT_SECONDS."""


class ConnectionBound:
    """Counts the connections that are really open, whoever closed the others and however."""

    def __init__(self) -> None:
        self._open: WeakSet[Connection] = WeakSet()
        self._idle = IdleConnections()
        self._reserved = 0
        self._collected_at = 0.0
        self._thread = threading.local()
        self._nobody_waits()
        os.register_at_fork(after_in_child=self._begin_in_child)

    def _begin_in_child(self) -> None:
        self._idle.forget()
        self._nobody_waits()  # another thread of the parent may hold the lock for ever

    def _nobody_waits(self) -> None:
        self._lock = threading.RLock()
        self._opening = 0
        self._waiting: dict[bool, deque[threading.Condition]] = {True: deque(), False: deque()}

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
        with self._lock:
            self._wait_in(self._waiting[is_favoured], room, deadline)
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
            with self._lock:
                self._opening -= 1
                self._tell_next()

    def add(self, connection: Connection, *, is_new: bool = True) -> None:
        """Count an open connection until it is closed or gone."""
        with self._lock:
            self._open.add(connection)
            if is_new:
                self._idle.opened(connection)

    def keep(self, key: Hashable, connection: Connection) -> bool:
        """Keep a connection that its thread needs no more for another one; False: it is to be closed."""
        with self._lock:
            is_kept = self._idle.keep(key, connection)
            self._tell_next()
        return is_kept

    def drop_idle(self) -> None:
        """Close what nobody uses."""
        with self._lock:
            self._idle.drop()

    def is_full(self, most: int) -> bool:
        """Whether there is neither room for a connection nor an idle one."""
        with self._lock:
            return self._in_use() >= most

    def count(self) -> int:
        """Return how many connections are open."""
        with self._lock:
            return self._taken() - self._opening

    def _wait_in(self, line: deque[threading.Condition], room: int, deadline: float) -> None:
        """Wait for room in line: whoever is busy would else take at once what it has just given back."""
        me = threading.Condition(self._lock)
        line.append(me)
        try:
            while line[0] is not me or self._in_use() >= room:
                left = deadline - time.monotonic()
                if left < 0:
                    raise NoRoom(f"all {room} database connections of this process are in use")
                if line[0] is not me:
                    me.wait(left)
                elif not self._collect_left_open():
                    me.wait(min(left, _LOOK_SECONDS))
        finally:
            line.remove(me)
            self._tell_next()

    def _tell_next(self) -> None:
        """Wake the first of each line, and nobody else: there may be a hundred."""
        for line in self._waiting.values():
            if line:
                line[0].notify()

    def _collect_left_open(self) -> bool:
        """Let go of connections whose threads have ended without closing them: each is part of a cycle.

        False: that was done a moment ago.
        """
        if time.monotonic() - self._collected_at < _COLLECT_SECONDS:
            return False
        gc.collect()
        self._collected_at = time.monotonic()
        return True

    def _is_favoured(self) -> bool:
        return getattr(self._thread, "is_favoured", False)

    def _in_use(self) -> int:
        return self._taken() - len(self._idle)

    def _taken(self) -> int:
        for connection in [one for one in self._open if one.closed]:
            self._open.discard(connection)
        return len(self._open) + self._opening


bound = ConnectionBound()
