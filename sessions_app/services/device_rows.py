"""The rows of sessions, read and written by the thousand: a few statements, whatever their number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from botsite.encryption import encrypt
from sessions_app.models import Channel, Device, ForwardKind, ForwardPriority
from sessions_app.services.device_fold import Fold, Known

QR_LIFETIME = timedelta(seconds=60)

_KNOWN = """
SELECT d.session_id, d.id, d.status, d.status_at, d.version, coalesce(q.digest, ''), q.issued_at
FROM sessions_app_device d LEFT JOIN sessions_app_qrcode q ON q.device_id = d.id
WHERE d.channel_id = %s AND d.session_id = ANY(%s)
"""
_LOCK = """
SELECT id FROM sessions_app_device WHERE channel_id = %s AND session_id = ANY(%s)
ORDER BY session_id FOR UPDATE
"""
_UPDATE = """
UPDATE sessions_app_device d
SET status = n.status, status_at = n.status_at, version = n.version,
    updated_at = CASE WHEN d.version = n.version THEN d.updated_at ELSE %s END
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[]) AS n (id, status, status_at, version)
WHERE d.id = n.id
"""
_UPSERT_QR = """
INSERT INTO sessions_app_qrcode (device_id, payload, digest, version, issued_at, expires_at)
SELECT n.*, %s FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[]) AS n
ON CONFLICT (device_id) DO UPDATE
SET payload = EXCLUDED.payload, digest = EXCLUDED.digest, version = EXCLUDED.version,
    issued_at = EXCLUDED.issued_at, expires_at = EXCLUDED.expires_at
"""
# What waits is never put off by what comes on top of it. A row on its way stays so: whoever sends it sees
# that its version has been raised, and lets it wait again.
_RAISE_FORWARDS = """
INSERT INTO sessions_app_forward AS f
    (device_id, kind, version, priority, due_at, state, sent_version, attempts, error, updated_at)
SELECT n.*, 'pending', 0, 0, '', %s
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::timestamptz[]) AS n
ON CONFLICT (device_id, kind) DO UPDATE SET
    version = EXCLUDED.version,
    state = CASE f.state WHEN 'sending' THEN f.state ELSE EXCLUDED.state END,
    priority = CASE WHEN f.state = 'pending' AND f.priority = 'high' THEN 'high' ELSE EXCLUDED.priority END,
    due_at = CASE f.state WHEN 'pending' THEN least(f.due_at, EXCLUDED.due_at) ELSE EXCLUDED.due_at END,
    attempts = CASE WHEN f.state IN ('pending', 'sending') THEN f.attempts ELSE 0 END,
    error = CASE WHEN f.state IN ('pending', 'sending') THEN f.error ELSE '' END,
    updated_at = EXCLUDED.updated_at
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A session's id and state."""

    pk: int
    known: Known


def rows_read(channel: Channel, session_ids: Sequence[str]) -> dict[str, Row]:
    """Return what there is of the sessions, without any lock."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [channel.pk, list(session_ids)])
        return {row[0]: Row(row[1], Known(*row[2:])) for row in cursor.fetchall()}


def rows_lock(channel: Channel, session_ids: Sequence[str], *, missing: Collection[str]) -> dict[str, Row]:
    """Make the missing sessions, lock all of them in one order, and return what they are then.

    All who come make first and lock afterwards, each in the order of the names: they never wait in a ring.
    """
    if missing:
        new = [Device(channel=channel, session_id=session_id) for session_id in sorted(missing)]
        Device.objects.bulk_create(new, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [channel.pk, list(session_ids)])
    return rows_read(channel, session_ids)  # anew: with the lock alone the QR code could be an older one


def rows_write(folds: Mapping[int, Fold], *, now: datetime) -> None:
    """Write what sessions have become, by their id; within the transaction that locked them."""
    with connection.cursor() as cursor:
        columns = [(pk, fold.status, fold.status_at, fold.version) for pk, fold in folds.items()]
        cursor.execute(_UPDATE, [now, *_columns(columns)])
        if codes := [
            (pk, encrypt(fold.qr), fold.digest, fold.qr_version, fold.qr_at)
            for pk, fold in folds.items()
            if fold.qr_version
        ]:
            cursor.execute(_UPSERT_QR, [now + QR_LIFETIME, *_columns(codes)])


def forwards_raise(folds: Mapping[int, Fold], *, now: datetime) -> None:
    """Note what of the sessions Laravel is to be told.

    Nobody is woken for it: the lanes of the forwarder, in other processes, look more often than the shortest
    time for which they gather.
    """
    due = {
        ForwardPriority.HIGH: now + timedelta(seconds=settings.PRIORITY_INTERVAL_SECONDS),
        ForwardPriority.NORMAL: now + timedelta(seconds=settings.BATCH_INTERVAL_SECONDS),
    }
    # In the one order in which everybody locks these rows: they never wait in a ring.
    raised = sorted(
        (pk, kind, version, priority, due[priority])
        for pk, fold in folds.items()
        for kind, version, priority in _changes(fold)
    )
    if raised:
        with connection.cursor() as cursor:
            cursor.execute(_RAISE_FORWARDS, [now, *_columns(raised)])


def _changes(fold: Fold) -> list[tuple[ForwardKind, int, ForwardPriority]]:
    of_each = (
        (ForwardKind.STATUS, fold.status_version, fold.status_is_urgent),
        (ForwardKind.QR, fold.qr_version, fold.qr_is_urgent),
    )
    return [
        (kind, version, ForwardPriority.HIGH if is_urgent else ForwardPriority.NORMAL)
        for kind, version, is_urgent in of_each
        if version
    ]


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Return the columns of rows, as unnest takes them."""
    return [
        [str(value) if isinstance(value, str) else value for value in column]
        for column in zip(*rows, strict=True)
    ]
