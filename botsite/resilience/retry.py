"""Trying a unit of database work again when the database, not the work, was at fault.

Only for units that are one transaction, or read only, and have no effect outside of the database: a commit
whose answer was lost may have happened, so a second run must find that out by itself (a unique constraint, a
state). Never around a call of anybody else.
"""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection

from botsite.postgres.bound import NoRoom
from botsite.postgres.waiting import Unanswered
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.05
"""Doubled by each attempt, and up to as much again by chance: 0.35 to 0.7 s altogether."""

# Serialisation failure, deadlock; the server is ending, has crashed, is starting.
_TRANSIENT_CODES = frozenset(("40001", "40P01", "57P01", "57P02", "57P03"))

log = get_logger("database")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def is_transient(error: DatabaseError) -> bool:
    """Tell whether the same work may succeed in a moment. A silent database and a full process may not."""
    cause = error.__cause__
    if cause is None or isinstance(cause, Unanswered | NoRoom):
        return False
    if code := getattr(cause, "pgcode", None):
        return code in _TRANSIENT_CODES or str(code).startswith("08")
    # Without a code it was no answer of the server: the connection was refused or ended.
    return isinstance(error, OperationalError | InterfaceError)


def database_retry(unit: str) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Decorate a unit of database work, named `unit` in log and metrics, to be tried ATTEMPTS times.

    Within a transaction it is tried once: only whoever began that can begin it again.
    """

    def decorate(work: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(work)
        def retrying(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            for attempt in range(ATTEMPTS - 1):
                in_transaction = connection.in_atomic_block
                try:
                    return work(*args, **kwargs)
                except DatabaseError as error:
                    if in_transaction or not is_transient(error):
                        raise
                    _pause(unit, attempt, error)
            return work(*args, **kwargs)

        return retrying

    return decorate


def _pause(unit: str, attempt: int, error: DatabaseError) -> None:
    """Leave a connection that may be broken, and wait."""
    connection.close()
    metrics.count("db_retries_total", unit=unit)
    log.warning("DATABASE_RETRY", operation=unit, error=type(error.__cause__).__name__, attempts=attempt + 1)
    time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(1, 2))  # noqa: S311  no secret, only spread
