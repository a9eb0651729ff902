"""Postgres: how long it takes, how many connections are left, and whether migrations are missing."""

import time

from django.db import Error as DatabaseError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext_noop as _

from botsite.postgres.bound import NoRoom
from monitoring.health.findings import Finding
from monitoring.models import Status

SLOW_MS = 250.0
MOST_CONNECTIONS_PERCENT = 90
MIGRATIONS_SECONDS = 300.0
"""For so long nothing is missing that was not missing before; what is missing is looked for each time."""

_CONNECTIONS = """
SELECT
    count(*),
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
FROM pg_stat_activity WHERE backend_type = 'client backend'
"""
_complete_until = 0.0


def look() -> Finding:
    """Ask Postgres for an answer, its connections and the migrations that were applied."""
    try:
        return _asked()
    except OperationalError as error:
        if isinstance(error.__cause__, NoRoom):
            return Finding(Status.UNKNOWN, _("all connections of the process that asks are in use"))
        return Finding(Status.DOWN, _("no answer"))
    except DatabaseError:
        return Finding(Status.DOWN, _("no answer"))


def forget() -> None:
    """Look for missing migrations at the next look."""
    global _complete_until
    _complete_until = 0.0


def _asked() -> Finding:
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("SELECT 1")
        latency = round((time.perf_counter() - started) * 1000, 1)
        cursor.execute(_CONNECTIONS)
        used, most = cursor.fetchone()
    figures = {"connections": float(used), "max_connections": float(most)}
    missing = _missing_migrations()
    if missing:
        detail, values = _("%(count)s migrations are missing: run migrate"), {"count": missing}
    elif 100 * used >= MOST_CONNECTIONS_PERCENT * most:
        detail, values = _("%(used)s of %(most)s connections are in use"), {"used": used, "most": most}
    elif latency > SLOW_MS:
        detail, values = _("it is slow"), {}
    else:
        return Finding(Status.UP, figures=figures, latency_ms=latency)
    return Finding(Status.DEGRADED, detail, values, figures, latency)


def _missing_migrations() -> int:
    global _complete_until
    if time.monotonic() < _complete_until:
        return 0
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if not missing:
        _complete_until = time.monotonic() + MIGRATIONS_SECONDS
    return missing
