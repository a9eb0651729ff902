"""How long this process waits for the database.

Commands and migrations may take their time. A process that serves (web, worker) calls `serve` at its start:
from then on a database that says nothing is an error after a few seconds, whether it is stopped, frozen or
behind a dead network. Each limit below and the pause after it keep that within five seconds altogether.
"""

from dataclasses import dataclass

CONNECT_SECONDS = 2.5
HEALTH_SECONDS = 1.5
"""For the question whether a connection of an earlier request is still good; a new one may follow."""
SERVER_MARGIN_SECONDS = 0.3
"""The server gives up on a statement so much earlier than we do: its refusal says more than our silence."""
LOCK_SHARE = 0.6
"""Of a statement's time, for waiting for somebody else's lock."""


@dataclass(slots=True)
class Limits:
    """In seconds. `statement` None: for as long as it takes."""

    connect: float = 10.0
    statement: float | None = None

    def options(self) -> str:
        """Return the same limits for the server, as libpq's `options`."""
        if self.statement is None:
            return ""
        statement = self.statement - SERVER_MARGIN_SECONDS
        lock = self.statement * LOCK_SHARE
        return f"-c statement_timeout={statement * 1000:.0f} -c lock_timeout={lock * 1000:.0f}"


limits = Limits()


def serve(statement_seconds: float) -> None:
    """Bound every statement from now on; connections that are open already keep what the server was told."""
    limits.connect, limits.statement = CONNECT_SECONDS, statement_seconds
