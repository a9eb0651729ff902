"""The record of requests to Laravel: an id for each content that lasts until its outcome is known."""

import json
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import connection
from django.db.models.functions import Now

from sessions_app.models import ForwardBatch, ForwardKind
from sessions_app.services.forward_claims import Item

KEPT = timedelta(days=2)
CLEANED_AT_ONCE = 5000

# The same content again, its outcome being unknown, is the same batch: Laravel can tell a repetition.
_BEGIN = """
INSERT INTO sessions_app_forwardbatch (id, kind, digest, size, attempts, result, started_at)
VALUES (%s, %s, %s, %s, 1, '', statement_timestamp())
ON CONFLICT (digest) WHERE finished_at IS NULL
DO UPDATE SET attempts = sessions_app_forwardbatch.attempts + 1
RETURNING id
"""


def batch_begin(kind: ForwardKind, items: Sequence[Item]) -> UUID:
    """Note one more attempt at sending these items; returns the id to send them under."""
    content = json.dumps([kind, [item.body for item in items]], sort_keys=True)
    digest = sha256(content.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [uuid4(), str(kind), digest, len(items)])
        batch_id: UUID = cursor.fetchone()[0]
    return batch_id


def batch_end(batch_id: UUID, result: str, *, is_final: bool) -> None:
    """Note how the attempt ended; `is_final`: the items' next batch is another."""
    finished = {"finished_at": Now()} if is_final else {}
    ForwardBatch.objects.filter(pk=batch_id).update(result=result, **finished)


def batches_clean() -> dict[str, int]:
    """Delete the batches that nobody will ask for any more; returns how many."""
    old = ForwardBatch.objects.filter(started_at__lt=Now() - KEPT).order_by("started_at")
    pks = list(old.values_list("pk", flat=True)[:CLEANED_AT_ONCE])
    deleted, _ = ForwardBatch.objects.filter(pk__in=pks).delete()
    return {"deleted": deleted}
