"""The backend that `ENGINE` names: Django's own, with deadlines, a bound of connections, and counting."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base
from psycopg2.extensions import connection as Connection

from botsite.postgres import waiting
from botsite.postgres.bound import bound
from botsite.postgres.limits import HEALTH_SECONDS, limits
from botsite.telemetry import metrics

_COUNTED = frozenset(("select", "insert", "update", "delete"))

waiting.install()


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(_counting)

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        # Of an option that is given twice the last one counts: what stands in DATABASE_URL wins.
        own = parameters.get("options", "")
        parameters["options"] = f"{limits.options()} {own}".strip()
        return parameters

    def connect(self) -> None:
        with waiting.within(limits.connect):
            super().connect()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        try:
            waiting.require_answering()
            with bound.place(settings.DATABASE_CONNECTIONS):
                connection = super().get_new_connection(conn_params)
                bound.add(connection)
        except self.Database.Error:
            metrics.count("db_errors_total", operation="connect")
            raise
        metrics.count("db_operations_total", operation="connect")
        return connection

    def is_usable(self) -> bool:
        with waiting.within(HEALTH_SECONDS):
            usable = super().is_usable()
        # One dead connection may be an old one: the new one that follows is the real question.
        waiting.forget_silence()
        return usable


def _counting(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Count every statement by its verb, and those that the database, not the data, made fail."""
    verb = str(sql).lstrip()[:6].lower()
    operation = verb if verb in _COUNTED else "other"
    metrics.count("db_operations_total", operation=operation)
    try:
        return execute(sql, params, many, context)
    except (OperationalError, InterfaceError):
        metrics.count("db_errors_total", operation=operation)
        raise
