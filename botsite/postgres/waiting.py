"""Waiting for PostgreSQL with a deadline.

psycopg2 waits within libpq, where nothing but the server can end it. With a wait callback it asks us to wait,
and when we raise, it closes the connection: nobody can mistake a late answer for that of the next statement.
"""

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
"""After a silence nobody opens a connection for so long: what follows in the same request fails at once."""

_EVENTS = {POLL_READ: select.POLLIN, POLL_WRITE: select.POLLOUT}


class Unanswered(psycopg2.OperationalError):  # type: ignore[misc]  # psycopg2 is not typed
    """The database said nothing in time. To ask again now would only wait again."""


class _Waits(threading.local):
    """What this thread's waiting is limited to where it is not an ordinary statement's."""

    seconds: float | None = None


_waits = _Waits()
_resting_until = 0.0


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
            _rest()
            raise Unanswered(f"the database did not answer within {seconds:g} s")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit each wait of this thread to `seconds` in the block."""
    before, _waits.seconds = _waits.seconds, seconds
    try:
        yield
    finally:
        _waits.seconds = before


def require_answering() -> None:
    """Raise Unanswered while the database is left in peace after a silence."""
    if time.monotonic() < _resting_until:
        raise Unanswered("the database did not answer a moment ago")


def forget_silence() -> None:
    """Open connections again at once."""
    global _resting_until
    _resting_until = 0.0


def _rest() -> None:
    global _resting_until
    if limits.statement is not None:  # a command asks again as soon as it likes
        _resting_until = time.monotonic() + REST_SECONDS
