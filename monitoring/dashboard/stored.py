"""What Postgres knows at this moment: counts over small indexes, each cut short, in one statement a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

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
_MARKS = ("conversations_message", "conversations_run", "shop_order", "monitoring_securityevent")


@dataclass(frozen=True, slots=True)
class Stored:
    """Counts by name, and lists of (name, number) by name, of a window that begins at `since`."""

    counts: Mapping[str, int]
    lists: Mapping[str, list[tuple[str, int]]]


def waiting_counts() -> dict[str, int]:
    """Count what waits, for a worker or a person. One query."""
    return dict(zip(_WAITING, _row([_bounded(source) for source in _WAITING.values()], {}), strict=True))


def stored_figures(since: datetime) -> Stored:
    """Read the other counts, and the lists. One query."""
    parts = [*map(_bounded, _WINDOW.values()), *map(_listed, _LISTS.values())]
    row = _row(parts, {"since": since})
    lists = [[(name, count) for name, count in _decoded(found)] for found in row[len(_WINDOW) :]]
    return Stored(dict(zip(_WINDOW, row, strict=False)), dict(zip(_LISTS, lists, strict=True)))


def traffic_mark() -> str:
    """Return what changes whenever something was stored that the figures count. One query, four looks."""
    newest = [f"(SELECT max(id) FROM {table})" for table in _MARKS]  # noqa: S608  of constants
    return ".".join(str(key or 0) for key in _row(newest, {}))


def _bounded(source: str) -> str:
    """Count one more than the limit at the most: that is shown as "10,000+"."""
    return f"(SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {COUNT_LIMIT + 1}) AS found)"  # noqa: S608  of constants


def _listed(query: str) -> str:
    return f"(SELECT json_agg(row_to_json(found)) FROM ({query}) AS found(name, number))"  # noqa: S608  of constants


def _decoded(found: Any) -> list[tuple[str, int]]:
    rows = json.loads(found) if isinstance(found, str) else found or []
    return [(row["name"], row["number"]) for row in rows]


def _row(parts: list[str], values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
