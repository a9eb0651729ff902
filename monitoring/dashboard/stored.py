"""What Postgres knows at this moment: counts over small indexes, each cut short, in one statement a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from monitoring.services.figures.runs import ModelRuns, Runs
from monitoring.services.message_counts import COUNT_LIMIT

_WAITING = {
    "held": "conversations_message WHERE state = 'held'",
    "parked": "conversations_message WHERE state = 'parked'",
    "unknown": "conversations_message WHERE state = 'unknown'",
    "late": "conversations_whatsappuser"
    " WHERE turn_due_at < now() - interval '1 minute' AND paused_at IS NULL",
    "inbox": "conversations_message WHERE direction = 'in' AND state = 'pending'",
    "outbox": "conversations_message WHERE direction = 'out' AND state IN ('pending', 'sending')",
    "forwards": "sessions_app_forward WHERE state IN ('pending', 'sending')",
    "forwards_parked": "sessions_app_forward WHERE state = 'parked'",
}
_WINDOW = {
    "customers": "conversations_whatsappuser WHERE last_inbound_at >= %(since)s",
    "orders": "shop_order WHERE placed_at >= %(since)s",
    "sessions": "shop_customersession WHERE closed_at IS NULL AND expires_at > now()",
    "carts": "shop_customersession WHERE closed_at IS NULL AND expires_at > now() AND state = 'cart'",
}
_LISTS = {
    "devices": "SELECT status, count(*) FROM sessions_app_device GROUP BY status",
    "batches": "SELECT DISTINCT ON (kind) kind, size FROM sessions_app_forwardbatch"
    " WHERE result = 'accepted' AND finished_at IS NOT NULL ORDER BY kind, finished_at DESC",
    "security": "SELECT operation, count(*) FROM (SELECT operation FROM monitoring_securityevent"  # noqa: S608
    f" WHERE at >= %(since)s ORDER BY at DESC LIMIT {COUNT_LIMIT}) AS latest GROUP BY operation",
}
_RUNS = (
    "SELECT provider, model, count(*) AS runs, count(*) FILTER (WHERE degraded) AS degraded,"
    " sum(saved_usd)::text AS saved"
    " FROM (SELECT provider, model, degraded, saved_usd FROM conversations_run"
    " WHERE started_at >= %(since)s AND state = 'completed' AND provider <> ''"
    " ORDER BY started_at DESC LIMIT %(limit)s) AS latest GROUP BY provider, model"
)
_MARKS = ("conversations_message", "conversations_run", "shop_order", "monitoring_securityevent")


@dataclass(frozen=True, slots=True)
class Stored:
    """Counts by name, lists of (name, number) by name, and runs, of a window that begins at `since`."""

    counts: Mapping[str, int]
    lists: Mapping[str, list[tuple[str, int]]]
    runs: Runs


def waiting_counts() -> dict[str, int]:
    """Count what waits, for a worker or a person. One query."""
    return dict(zip(_WAITING, _row([_bounded(source) for source in _WAITING.values()], {}), strict=True))


def stored_figures(since: datetime) -> Stored:
    """Read the other counts, and the lists. One query."""
    parts = [*map(_bounded, _WINDOW.values()), *map(_listed, [*_LISTS.values(), _RUNS])]
    row = _row(parts, {"since": since, "limit": COUNT_LIMIT})
    *lists, runs = map(_decoded, row[len(_WINDOW) :])
    named = [[(name, number) for name, number in found] for found in lists]
    return Stored(dict(zip(_WINDOW, row, strict=False)), dict(zip(_LISTS, named, strict=True)), _runs(runs))


def traffic_mark() -> str:
    """Return what changes whenever something was stored that the figures count. One query, four looks."""
    newest = [f"(SELECT max(id) FROM {table})" for table in _MARKS]  # noqa: S608  of constants
    return ".".join(str(key or 0) for key in _row(newest, {}))


def _bounded(source: str) -> str:
    """Count one more than the limit at the most: that is shown as "10,000+"."""
    return f"(SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {COUNT_LIMIT + 1}) AS found)"  # noqa: S608  of constants


def _listed(query: str) -> str:
    return f"(SELECT json_agg(to_json(found)) FROM ({query}) AS found)"  # noqa: S608  of constants


def _decoded(found: Any) -> list[tuple[Any, ...]]:
    rows = json.loads(found) if isinstance(found, str) else found or []
    return [tuple(row.values()) for row in rows]


def _runs(rows: list[tuple[Any, ...]]) -> Runs:
    shares = [
        ModelRuns(provider, model, runs, degraded, None if saved is None else Decimal(saved))
        for provider, model, runs, degraded, saved in rows
    ]
    shares.sort(key=lambda share: -share.runs)
    return Runs(shares, is_cut=sum(share.runs for share in shares) >= COUNT_LIMIT)


def _row(parts: list[str], values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
