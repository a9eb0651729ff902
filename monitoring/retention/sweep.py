"""Deleting what is over in small steps, so that nobody waits for a lock or a long statement."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from monitoring.retention.log_files import old_log_files
from monitoring.retention.periods import LOG_FILE_DAYS, RULES, Rule

BATCH = 500
PAUSE_SECONDS = 0.05
BUDGET_SECONDS = 600.0
"""For one run altogether; the next one goes on where it ended."""
_LOCK = 7_304_615_204  # any number that nothing else in this database locks
LOG_FILES = "log_files"
KINDS = (*(rule.kind for rule in RULES), LOG_FILES)

log = get_logger("retention")


@dataclass(slots=True)
class _Budget:
    ends_at: float

    def is_used_up(self) -> bool:
        return time.monotonic() > self.ends_at


class Busy(Exception):
    """Another process is at it."""


def due(rule: Rule) -> QuerySet[Any]:
    """Return the rows whose period is over, by the database's clock."""
    return rule.model._base_manager.filter(rule.only, **{f"{rule.age}__lt": Now() - rule.period()})


def retention_count(only: Collection[str] = ()) -> dict[str, int]:
    """Return how much there is to delete, by kind, and change nothing."""
    counts = {rule.kind: due(rule).count() for rule in RULES if not only or rule.kind in only}
    if not only or LOG_FILES in only:
        counts[LOG_FILES] = len(old_log_files(settings.LOG_DIR, days=LOG_FILE_DAYS))
    return counts


def retention_run(only: Collection[str] = ()) -> dict[str, int]:
    """Delete what is over; returns how much, by kind. Not within a transaction. Raises Busy.

    A database error ends the kind that it came with, and the run; what was deleted before stays deleted.
    """
    counts: dict[str, int] = {}
    budget = _Budget(time.monotonic() + BUDGET_SECONDS)
    for rule in RULES:
        if not only or rule.kind in only:
            counts[rule.kind] = _carry_out(rule, budget)
    if not only or LOG_FILES in only:
        files = old_log_files(settings.LOG_DIR, days=LOG_FILE_DAYS)
        for file in files:
            file.unlink(missing_ok=True)
        counts[LOG_FILES] = len(files)
    for kind, rows in counts.items():
        if rows:
            metrics.count("retention_rows_total", rows, kind=kind)
    log.info("RETENTION", **counts)
    return counts


def _carry_out(rule: Rule, budget: _Budget) -> int:
    total = 0
    while not budget.is_used_up():
        done = _batch(rule)
        total += done
        if done < BATCH:
            break
        time.sleep(PAUSE_SECONDS)
    return total


@transaction.atomic
def _batch(rule: Rule) -> int:
    """Delete the oldest rows that nobody holds, at most BATCH."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Busy
    rows = due(rule).order_by(rule.age).select_for_update(skip_locked=True, of=("self",))
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    mine = rule.model._base_manager.filter(pk__in=keys)
    if rule.blank:
        mine.update(**rule.blank)
    else:
        mine.delete()
    return len(keys)
