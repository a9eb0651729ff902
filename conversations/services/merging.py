"""Two users who turn out to be one customer become one, with both histories."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Max
from django.db.models.functions import Coalesce, Now

from botsite.telemetry.logging import get_logger
from conversations.canonical import left_over
from conversations.models import (
    MergeReason,
    Message,
    Run,
    RunState,
    Thread,
    UserMerge,
    WhatsAppUser,
)
from conversations.services import activity, client_data, dead_letter, takeover, wakeups
from conversations.services.handing_over import Handover, hand_over
from conversations.shop.services import freshness
from conversations.shop.values import Customer

CLOSE_REASON = "merged"
_MESSAGES = Message._meta.label_lower

# In the order of storing, but never against a history's own order: a clock may have been set back. The new
# numbers are above both histories' old ones: no number is ever used twice for different messages.
_RENUMBER = """
    UPDATE conversations_message message
    SET user_id = %(kept)s, sequence = %(last)s + place.number
    FROM (
        SELECT id, row_number() OVER (ORDER BY stored_at, user_id, sequence) AS number
        FROM (
            SELECT id, user_id, sequence,
                max(created_at) OVER (PARTITION BY user_id ORDER BY sequence) AS stored_at
            FROM conversations_message WHERE user_id IN (%(kept)s, %(gone)s)
        ) timed
    ) place
    WHERE place.id = message.id
"""

log = get_logger("merging")


def users_merge(users: Iterable[WhatsAppUser], *, reason: MergeReason) -> WhatsAppUser:
    """Make one user of several of the same channel; returns the oldest, which stays, as it is now.

    Call it in a transaction that has locked the users' rows in the order of their primary keys. Both
    histories stand in one order of time, and the thread used last stays open. A reply in the making for
    either is discarded; what waits is answered over the joined history. If the assistant was paused for one,
    it is paused.
    """
    kept, *others = sorted(users, key=lambda user: user.pk)
    for gone in others:
        _merge(kept, gone, reason)
    return kept


def _merge(kept: WhatsAppUser, gone: WhatsAppUser, reason: MergeReason) -> None:
    names = [{"kind": name.kind, "value": name.value} for name in gone.identities.all()]
    for user in (kept, gone):
        _stop_runs(user)
    _join_threads(kept, gone)
    messages = Message.objects.filter(user=gone).count()
    last_sequence = _renumber_messages(kept, gone)
    handover = hand_over(gone, kept)
    handover.moved[_MESSAGES] += messages
    _delete_left_over_names(kept)
    WhatsAppUser.objects.filter(pk=gone.pk).delete()
    _join_rows(kept, gone, last_sequence=last_sequence)
    _record(kept, gone, names, handover, reason)


def _stop_runs(user: WhatsAppUser) -> None:
    """Discard the answer in the making; its messages are asked again, and no crash is held against them.

    A run whose worker has vanished is one that crashed.
    """
    active = Run.objects.filter(thread__user=user, state=RunState.ACTIVE)
    run_ids = list(active.values_list("pk", flat=True))
    if not run_ids:
        return
    if not WhatsAppUser.objects.filter(pk=user.pk, lease_until__gte=Now()).exists():
        active.update(state=RunState.CRASHED, finished_at=Now(), error="the worker vanished")
        return
    dead_letter.waiting(user).filter(run__in=run_ids, crashes__gt=0).update(crashes=F("crashes") - 1)
    active.update(state=RunState.ABANDONED, finished_at=Now(), error="the customer was merged with another")


def _join_threads(kept: WhatsAppUser, gone: WhatsAppUser) -> None:
    """Leave one thread open, the one used last, with what was said in both; runs stay where they were."""
    used_at = Coalesce(Max("messages__created_at"), "started_at")
    threads = Thread.objects.filter(user__in=(kept, gone), closed_at=None).annotate(used_at=used_at)
    if len(threads) < 2:
        return
    closing, staying = sorted(threads, key=lambda thread: (thread.used_at, thread.pk))
    Message.objects.filter(thread=closing).update(thread=staying)
    Thread.objects.filter(pk=closing.pk).update(
        closed_at=Now(), close_reason=CLOSE_REASON, successor=staying, activity_due_at=activity.due_at_once()
    )
    if closing.summary:
        summary = "\n\n".join(filter(None, (closing.summary, staying.summary)))
        Thread.objects.filter(pk=staying.pk).update(summary=summary)


def _renumber_messages(kept: WhatsAppUser, gone: WhatsAppUser) -> int:
    """Give `kept` the messages of both, in one order of time; returns the last sequence number."""
    last = max(kept.last_sequence, gone.last_sequence)
    with connection.cursor() as cursor:
        cursor.execute(_RENUMBER, {"kept": kept.pk, "gone": gone.pk, "last": last})
        return last + int(cursor.rowcount)


def _delete_left_over_names(user: WhatsAppUser) -> None:
    forms = user.identities.values_list("canonical", flat=True)
    user.identities.filter(canonical__in=[left_over(form) for form in forms]).delete()


def _join_rows(kept: WhatsAppUser, gone: WhatsAppUser, *, last_sequence: int) -> None:
    """Write what the two rows make together; the epochs of both are over."""
    waits = dead_letter.waiting(kept).exists()
    WhatsAppUser.objects.filter(pk=kept.pk).update(
        name=kept.name or gone.name,
        user_name=kept.user_name or gone.user_name,
        language=kept.language or gone.language,
        labels=[*kept.labels, *(label for label in gone.labels if label not in kept.labels)],
        created_at=min(kept.created_at, gone.created_at),
        last_inbound_at=_latest(kept.last_inbound_at, gone.last_inbound_at),
        next_send_at=_latest(kept.next_send_at, gone.next_send_at),
        waiting_since=_earliest(kept.waiting_since, gone.waiting_since) if waits else None,
        outage_notice_at=_latest(kept.outage_notice_at, gone.outage_notice_at),
        erased_before=_latest(kept.erased_before, gone.erased_before),
        enrichment_due_at=kept.enrichment_due_at or gone.enrichment_due_at,
        last_sequence=last_sequence,
        lease_epoch=max(kept.lease_epoch, gone.lease_epoch) + 1,
        lease_until=None,
        turn_due_at=Now() if waits else None,
    )
    if kept.paused_at or gone.paused_at:
        takeover.pause(kept)
    elif waits:
        transaction.on_commit(lambda: wakeups.wake_turn(kept.pk, delay=0))
    kept.refresh_from_db()


def _latest(*times: datetime | None) -> datetime | None:
    return max(filter(None, times), default=None)


def _earliest(*times: datetime | None) -> datetime | None:
    return min(filter(None, times), default=None)


def _record(
    kept: WhatsAppUser,
    gone: WhatsAppUser,
    names: list[dict[str, str]],
    handover: Handover,
    reason: MergeReason,
) -> None:
    moved = {label: rows for label, rows in handover.moved.items() if rows}
    merge = UserMerge.objects.create(
        kept=kept, merged_pk=gone.pk, names=names, reason=reason, moved=moved, left_out=handover.left_out
    )
    for user in (kept, gone):
        client_data.invalidate(channel_id=user.channel_id, user_id=user.pk)
        freshness.session_changed(Customer.of(user))
    log.info(
        "USERS_MERGED",
        user_id=kept.pk,
        merged_user_id=gone.pk,
        merge_id=merge.pk,
        reason=reason.value,
        messages=moved.get(_MESSAGES, 0),
    )
