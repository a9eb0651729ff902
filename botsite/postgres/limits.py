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
IDLE_SECONDS = 5.0
"""A process that is stopped within a transaction must not keep its locks until it is woken."""


@dataclass(slots=True)
class Limits:
    """In seconds. `statement` None: for as long as it takes.

    With `keeps` a connection that a thread closes stays open for the next one that needs one.
    """

    connect: float = 10.0
    statement: float | None = None
    keeps: bool = False

    def options(self) -> str:
        """Return the same limits for the server, as libpq's `options`."""
        if self.statement is None:
            return ""
        statement = self.statement - SERVER_MARGIN_SECONDS
        lock = self.statement * LOCK_SHARE
        seconds = {
            "statement_timeout": statement,
            "lock_timeout": lock,
            "idle_in_transaction_session_timeout": IDLE_SECONDS,
        }
        return " ".join(f"-c {name}={value * 1000:.0f}" for name, value in seconds.items())


limits = Limits()


def serve(statement_seconds: float) -> None:
    """Bound every statement from now on; connections that are open already keep what the server was told.

    Its threads hand their connections on to each other.
    """
    limits.connect, limits.statement, limits.keeps = CONNECT_SECONDS, statement_seconds, True
