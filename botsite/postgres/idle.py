"""Open connections that no thread uses: one that is closed by its thread is taken by the next that needs one.

To open one costs several times what a statement does, and threads close theirs often: none is held while a
model thinks. What a session keeps is constant here: settings come with the connection's own options.
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extensions import connection as Connection

LONGEST_LIFE_SECONDS = 60.0
"""So old, a connection is closed when it is not needed: the server's memory of a session only grows."""


def is_clean(connection: Connection) -> bool:
    """Whether it is open and outside of any transaction, as a new one is."""
    return (
        not connection.closed
        and connection.autocommit
        and connection.get_transaction_status() == TRANSACTION_STATUS_IDLE
    )


@dataclass(slots=True)
class IdleConnections:
    """Kept by what they were opened with, the `key`. Not thread-safe; the caller locks."""

    _kept: list[tuple[Hashable, Connection]] = field(default_factory=list)
    _opened_at: "WeakKeyDictionary[Connection, float]" = field(default_factory=WeakKeyDictionary)

    def __len__(self) -> int:
        return len(self._kept)

    def opened(self, connection: Connection) -> None:
        """Note that a connection is new."""
        self._opened_at[connection] = time.monotonic()

    def keep(self, key: Hashable, connection: Connection) -> bool:
        """Keep a connection that its thread gives back; False: it is to be closed."""
        self._close_old()
        if not is_clean(connection) or self._is_old(connection):
            return False
        self._kept.append((key, connection))
        return True

    def take(self, key: Hashable) -> Connection | None:
        """Return the one that was kept last, so that what is not needed grows old; it may be broken."""
        self._close_old()
        for position in reversed(range(len(self._kept))):
            if self._kept[position][0] == key:
                return self._kept.pop(position)[1]
        return None

    def drop(self, most: int | None = None) -> int:
        """Close those that were kept longest, at most `most` of them (None: all); returns how many."""
        dropped = self._kept[:most]
        del self._kept[:most]
        for _, connection in dropped:
            connection.close()
        return len(dropped)

    def forget(self) -> None:
        """Let go of all, as a forked child must: psycopg2 leaves open what another process has opened."""
        self._kept = []

    def _close_old(self) -> None:
        for each in [each for each in self._kept if self._is_old(each[1])]:
            self._kept.remove(each)
            each[1].close()

    def _is_old(self, connection: Connection) -> bool:
        return time.monotonic() - self._opened_at.get(connection, 0.0) > LONGEST_LIFE_SECONDS
