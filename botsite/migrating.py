"""Migrations at a start: quick when there is nothing to do, and one process at a time."""

import time

from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

ADVISORY_LOCK = 0x626F7473697465  # "botsite"
POLL_SECONDS = 0.2


def migrate_if_needed() -> bool:
    """Bring the database up to date; returns whether there was anything to do.

    An advisory lock makes a second process wait for the first. It is polled, so that signals are seen.
    """
    if not _is_behind():
        return False
    with connection.cursor() as cursor:
        while not _is_locked(cursor):
            time.sleep(POLL_SECONDS)
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
    return True


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _is_locked(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
    return bool(cursor.fetchone()[0])
