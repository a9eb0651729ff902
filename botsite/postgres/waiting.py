"""Waiting for PostgreSQL with a deadline.

psycopg2 waits within libpq, where nothing but the server can end it. With a wait callback it asks us to wait,
and when we raise, it closes the connection: nobody can mistake a late answer for that of the next statement.
"""

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE, set_wait_callback
from psycopg2.extensions import connection as Connection

from botsite.postgres.limits import limits

REST_SECONDS = 1.0
"""After a silence nobody connects for so long; then one thread tries, and the others fail at once."""

_EVENTS = {POLL_READ: select.POLLIN, POLL_WRITE: select.POLLOUT}


class Unanswered(psycopg2.OperationalError):  # type: ignore[misc]  # psycopg2 is not typed
    """The database said nothing in time. To ask again now would only wait again."""


class _Waits(threading.local):
    """What this thread's waiting is limited to where it is not an ordinary statement's."""

    seconds: float | None = None
    is_of_old = False


class _Silence:
    """Whether the database said nothing when it was last asked, as far as this process knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resting_until: float | None = None
        os.register_at_fork(after_in_child=self._begin_in_child)

    def _begin_in_child(self) -> None:
        self._lock = threading.Lock()  # another thread of the parent may hold it for ever

    @property
    def is_known(self) -> bool:
        return self._resting_until is not None

    def begin(self) -> None:
        if limits.statement is not None:  # a command asks again as soon as it likes
            self._resting_until = time.monotonic() + REST_SECONDS

    def end(self) -> None:
        self._resting_until = None

    def admit(self) -> None:
        """Raise Unanswered, but to one thread after each rest, which finds out for all."""
        if not self.is_known:
            return
        with self._lock:
            now, until = time.monotonic(), self._resting_until
            if until is not None and now < until:
                raise Unanswered("the database did not answer a moment ago")
            self._resting_until = now + limits.connect


_waits = _Waits()
_silence = _Silence()


def install() -> None:
    """Let psycopg2 wait by `wait`, for all connections of this process."""
    set_wait_callback(wait)


def wait(connection: Connection) -> None:
    """Return when libpq has got what it waits for. Raises Unanswered after this thread's limit."""
    seconds = limits.statement if _waits.seconds is None else _waits.seconds
    deadline = None if seconds is None else time.monotonic() + seconds
    while (state := connection.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), _EVENTS[state])
        left = None if deadline is None else max(deadline - time.monotonic(), 0) * 1000
        if not poller.poll(left):
            if not _waits.is_of_old:
                _silence.begin()
            raise Unanswered(f"the database did not answer within {seconds:g} s")
    _silence.end()


@contextmanager
def within(seconds: float, *, is_of_old: bool = False) -> Iterator[None]:
    """Limit each wait of this thread to `seconds` in the block.

    `is_of_old`: on a connection that was opened before, whose silence says little of the database.
    """
    before = _waits.seconds, _waits.is_of_old
    _waits.seconds, _waits.is_of_old = seconds, is_of_old
    try:
        yield
    finally:
        _waits.seconds, _waits.is_of_old = before


def still_answers(connection: Connection, *, seconds: float) -> bool:
    """Whether a connection that was opened before answers within `seconds`; if it was silent it is closed."""
    try:
        with within(seconds, is_of_old=True), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


@contextmanager
def opening() -> Iterator[None]:
    """Open a connection in the block. Raises Unanswered at once while the database is known to be silent."""
    _silence.admit()
    try:
        yield
    except Unanswered:
        raise
    except psycopg2.OperationalError:  # refused: that is an answer
        _silence.end()
        raise


def is_silent() -> bool:
    """Whether the database said nothing when it was last asked."""
    return _silence.is_known
