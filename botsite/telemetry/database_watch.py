"""Slow and failed statements, as log events: what was done to which table, never with which values."""

import re
import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from botsite.telemetry.reports import SLOW_DATABASE_SECONDS, report_database_operation

_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"(\w+)"')


def watch_databases() -> None:
    """Report what is slow or fails on every connection that is opened from now on."""
    connection_created.connect(_watch, dispatch_uid="database_watch")


def operation_of(sql: str) -> str:
    """Return the verb and the first table of a statement: `SELECT conversations_message`."""
    verb = sql.split(None, 1)[0].upper() if sql.strip() else ""
    table = _TABLE.search(sql)
    return f"{verb} {table[1]}" if table else verb


def _watch(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
    if _measured not in connection.execute_wrappers:
        connection.execute_wrappers.append(_measured)


def _measured(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Broken rules (IntegrityError) are how races are decided here, and no failure of the database."""
    started, error = time.monotonic(), ""
    try:
        return execute(sql, params, many, context)
    except OperationalError as failed:
        error = type(failed.__cause__ or failed).__name__
        raise
    finally:
        seconds = time.monotonic() - started
        if error or seconds >= SLOW_DATABASE_SECONDS:
            report_database_operation(operation_of(str(sql)), seconds=seconds, error=error)
