"""Taking forwards out of the database for one sender at a time, and writing what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from sessions_app.models import Forward, ForwardKind, ForwardState

LEASE_SECONDS = 30
"""Longer than one request may take; renewed before each. Then somebody else sends the rows again."""

# Of the priority interval a half is for gathering, the other for the sending itself.
_DUE = "CASE priority WHEN 'high' THEN due_at - %(gather)s * interval '1 second' ELSE due_at END"
# A row that failed waits for its time; every other may travel earlier, in a batch that goes anyway.
_TAKEABLE = """kind = %(kind)s AND (
    state = 'pending' AND (attempts = 0 OR due_at <= statement_timestamp())
    OR state = 'sending' AND lease_until < statement_timestamp()
)"""
_LOOK = f"""
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM sessions_app_forward WHERE {_TAKEABLE} LIMIT %(size)s) AS waiting),
    (
        SELECT extract(epoch FROM min(CASE state WHEN 'sending' THEN lease_until ELSE {_DUE} END)
                       - statement_timestamp())
        FROM sessions_app_forward
        WHERE kind = %(kind)s AND state IN ('pending', 'sending') AND (NOT %(urgent)s OR priority = 'high')
    )
"""  # noqa: S608  of constants
_LOCK = f"""
SELECT id, state = 'sending' OR {_DUE} <= statement_timestamp()
FROM sessions_app_forward
WHERE {_TAKEABLE}
ORDER BY priority = 'high' DESC, due_at, id
LIMIT %(size)s
FOR UPDATE SKIP LOCKED
"""  # noqa: S608  of constants
_EXPIRE = """
UPDATE sessions_app_forward SET
    state = 'expired', attempts = 0, error = '', lease_until = NULL, updated_at = now()
WHERE id = ANY(%s)
"""
_TAKE = """
UPDATE sessions_app_forward SET state = 'sending', lease_until = now() + %s * interval '1 second'
WHERE id = ANY(%s) RETURNING lease_until
"""
# Whoever raises rows locks them in this order too.
_HOLD = """
SELECT 1 FROM sessions_app_forward
WHERE id = ANY(%s) AND state = 'sending' AND lease_until = %s ORDER BY device_id FOR UPDATE
"""
# A row is written once in a transaction: the second time PostgreSQL would look whether its session is still
# there, and wait for whoever is changing that, who may be waiting for this row.
_RENEW = """
UPDATE sessions_app_forward SET
    lease_until = now() + %s * interval '1 second',
    batch_id = CASE WHEN id = ANY(%s) THEN %s ELSE batch_id END
WHERE id = ANY(%s) AND state = 'sending' AND lease_until = %s RETURNING lease_until
"""
# What was raised on the way becomes pending again, with the time that it was raised for.
_SETTLE = """
UPDATE sessions_app_forward AS f SET
    state = CASE WHEN f.version > n.version THEN 'pending' ELSE n.state END,
    sent_version = CASE n.state WHEN 'delivered' THEN n.version ELSE f.sent_version END,
    attempts = CASE n.state WHEN 'pending' THEN f.attempts + 1 ELSE 0 END,
    due_at = CASE n.state WHEN 'pending' THEN now() + %s * interval '1 second' ELSE f.due_at END,
    error = n.error,
    lease_until = NULL,
    updated_at = now()
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS n (id, version, state, error)
WHERE f.id = n.id AND f.state = 'sending' AND f.lease_until = %s
"""


class LeaseLost(Exception):
    """Somebody else has taken the rows, because this sender was too slow: there is nothing more to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """A row that was claimed: what travels, and as which version. Its body may hold a QR code."""

    pk: int
    version: int
    attempts: int
    body: Mapping[str, Any] = field(repr=False)


@dataclass(slots=True)
class Claim:
    """Rows of one kind that nobody else may send until `lease_until`, which names the claim too."""

    kind: ForwardKind
    items: Sequence[Item]
    lease_until: datetime

    def renew(self, items: Sequence[Item], *, sending: Sequence[Item], batch_id: UUID) -> None:
        """Keep `items` of this claim for another LEASE_SECONDS; some are sent now. Raises LeaseLost.

        Within a transaction, which holds the rows in their order.
        """
        pks = [item.pk for item in items]
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [pks, self.lease_until])
            sent = [item.pk for item in sending]
            cursor.execute(_RENEW, [LEASE_SECONDS, sent, batch_id, pks, self.lease_until])
            renewed = cursor.fetchall()
        if len(renewed) < len(items):
            raise LeaseLost
        self.lease_until = renewed[0][0]


@dataclass(frozen=True, slots=True)
class Look:
    """What waits: `due_in` seconds (0 or less: now) until a batch is to be sent, None: nothing waits."""

    due_in: float | None


def forwards_look(kind: ForwardKind, *, urgent: bool = False) -> Look:
    """Look when the next batch of this kind is due, in one cheap query: a full one at once.

    `urgent`: for the sake of urgent rows alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {**_limits(kind), "urgent": urgent})
        waiting, due_in = cursor.fetchone()
    if waiting >= settings.BATCH_SIZE and not urgent:
        return Look(0.0)
    return Look(None if due_in is None else float(due_in))


def forwards_claim(kind: ForwardKind, *, flush: bool = False) -> Claim | None:
    """Take up to BATCH_SIZE rows, the urgent and the longest waiting first, if a batch is due.

    `flush`: also if it is not. Raises django.db.Error.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # One claim at a time: two would halve a full batch between them.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [crc32(f"forwards:{kind}".encode())])
        cursor.execute(_LOCK, _limits(kind))
        rows = cursor.fetchall()
        is_due = flush or len(rows) == settings.BATCH_SIZE or any(due for _, due in rows)
        if not rows or not is_due:
            return None
        items = _items(kind, [pk for pk, _ in rows])
        taken = {item.pk for item in items}
        if expired := [pk for pk, _ in rows if pk not in taken]:
            cursor.execute(_EXPIRE, [expired])
        cursor.execute(_TAKE, [LEASE_SECONDS, list(taken)])
        leases = cursor.fetchall()
        return Claim(kind, items, leases[0][0] if leases else timezone.now())


def claim_settle(
    claim: Claim, outcomes: Sequence[tuple[Item, ForwardState, str]], *, delay: float = 0
) -> None:
    """Write what became of items: delivered, parked, or pending again in `delay` seconds; with the error."""
    pks = [item.pk for item, _, _ in outcomes]
    versions = [item.version for item, _, _ in outcomes]
    states, errors = [str(state) for _, state, _ in outcomes], [error for _, _, error in outcomes]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HOLD, [pks, claim.lease_until])
        cursor.execute(_SETTLE, [delay, pks, versions, states, errors, claim.lease_until])


def _items(kind: ForwardKind, pks: Sequence[int]) -> list[Item]:
    """Read what the locked rows are to say, as it is now; QR codes that have expired are left out."""
    rows = Forward.objects.filter(pk__in=pks).select_related("device__channel")
    if kind == ForwardKind.QR:
        rows = rows.filter(device__qr_code__expires_at__gt=timezone.now()).select_related("device__qr_code")
    return [Item(row.pk, row.version, row.attempts, _body(row)) for row in rows.order_by("pk")]


def _body(row: Forward) -> dict[str, Any]:
    device = row.device
    if row.kind == ForwardKind.QR:
        said, at = {"qr": device.qr_code.payload}, device.qr_code.issued_at
    else:
        said, at = {"status": device.status}, device.status_at or device.updated_at
    return {
        "channel": device.channel.slug,
        "sessionId": device.session_id,
        **said,
        "version": row.version,
        "timestamp": at.astimezone(UTC).isoformat(),
        "priority": row.priority,
    }


def _limits(kind: ForwardKind) -> dict[str, Any]:
    gather = settings.PRIORITY_INTERVAL_SECONDS / 2
    return {"kind": str(kind), "size": settings.BATCH_SIZE, "gather": gather}
