"""The backend that `ENGINE` names: Django's own, with deadlines, a bound of connections, and counting."""

from collections.abc import Callable, Hashable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django_prometheus.db.backends.postgresql import base
from psycopg2.extensions import connection as Connection

from botsite.postgres import waiting
from botsite.postgres.bound import bound
from botsite.postgres.limits import HEALTH_SECONDS, limits
from botsite.telemetry import metrics

_COUNTED = frozenset(("select", "insert", "update", "delete"))

waiting.install()


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # django-prometheus is not typed
    """One thread's connection, counted for this host; its own from the first statement until `close`."""

    errors_occurred: bool
    _key: Hashable = None
    _is_as_opened = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(_counting)

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        # Of an option that is given twice the last one counts: what stands in DATABASE_URL wins.
        own = parameters.get("options", "")
        parameters["options"] = f"{limits.options()} {own}".strip()
        return parameters

    def connect(self) -> None:
        with waiting.within(limits.connect):
            super().connect()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        # The cursors' class, which counts, is made anew for every connection.
        self._key = tuple(sorted(item for item in conn_params.items() if item[0] != "cursor_factory"))
        self._is_as_opened = True
        try:
            with bound.place(settings.DATABASE_CONNECTIONS, self._key) as kept, waiting.opening():
                if kept is not None and _is_alive(kept):
                    bound.add(kept, is_new=False)
                    return kept
                connection = super().get_new_connection(conn_params)
                bound.add(connection)
        except self.Database.Error:
            metrics.count("db_errors_total", operation="connect")
            raise
        metrics.count("db_operations_total", operation="connect")
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if name is not None:  # what it holds on the server lives as long as the session
            self._is_as_opened = False
        return super().create_cursor(name)

    def _close(self) -> None:
        reusable = limits.keeps and self._is_as_opened and not (self.errors_occurred or self.in_atomic_block)
        if self.connection is None or not (reusable and bound.keep(self._key, self.connection)):
            super()._close()

    def is_usable(self) -> bool:
        usable = (
            self.connection is not None
            and not waiting.is_silent()
            and waiting.still_answers(self.connection, seconds=HEALTH_SECONDS)
        )
        self.errors_occurred = self.errors_occurred or not usable  # it is not to be kept
        return usable


def _is_alive(connection: Connection) -> bool:
    """Whether a kept connection still answers; else it is closed, and with a silent one all that are idle."""
    if waiting.still_answers(connection, seconds=HEALTH_SECONDS):
        return True
    connection.close()
    bound.drop_idle()  # each might cost as much time
    return False


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
