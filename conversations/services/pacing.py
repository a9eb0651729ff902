"""How much of what a customer writes begins a turn: what comes faster is stored all the same, and waits.

It waits for one later turn, in which all of it is answered together. The count is Postgres's own, for the
messages are there, their user is locked, and no other store may be asked within a transaction.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from botsite.resilience.quotas import WHATSAPP_USER, Quota
from botsite.resilience.ratelimit import configured
from botsite.resilience.violations import report_violation
from botsite.telemetry import metrics
from conversations.models import Direction, InboundState, Message, WhatsAppUser

REASON = "rate_limited"


def pace(arriving: Sequence[Message]) -> dict[int, float]:
    """Mark those of the unsaved messages, in their order, that come faster than their users may write.

    Returns in how many seconds there is room again, by user of whom all messages are over. Call it with the
    users locked.
    """
    quota = configured(WHATSAPP_USER)
    waiting: dict[int, list[Message]] = defaultdict(list)
    for message in arriving:
        if message.state == InboundState.PENDING:
            waiting[message.user_id].append(message)
    delays = {}
    for user_id, messages in waiting.items() if quota.limit else ():
        if delay := _delay(messages[0].user, messages, quota):
            delays[user_id] = delay
    return delays


def seconds_off(user: WhatsAppUser, waiting: Sequence[Message]) -> float:
    """Return in how many seconds a turn may take the `waiting`; 0: now, for one of them is within the quota.

    For a turn that has just ended, while they came; one that was due takes them along.
    """
    quota = configured(WHATSAPP_USER)
    if not quota.limit or any(message.reason != REASON for message in waiting):
        return 0
    displaced = _times(user)[quota.limit :].first()
    if displaced is None:
        return 0
    return max(0, quota.seconds - (timezone.now() - displaced).total_seconds())


def _delay(user: WhatsAppUser, messages: list[Message], quota: Quota) -> float:
    """Mark what is over the quota of one user; if all is, returns the seconds until there is room."""
    now, window = timezone.now(), timedelta(seconds=quota.seconds)
    if not _may_be_over(user, len(messages), quota, now):
        return 0
    times = [now] * len(messages)
    times += _times(user)[: quota.limit]
    newest_first = zip(reversed(messages), times[quota.limit :], strict=False)
    over = [message for message, displaced in newest_first if now - displaced < window]
    if not over:
        return 0
    for message in over:
        # The reason says why it waits and ends with the waiting; the note stays.
        message.reason = REASON
        message.note = "; ".join(filter(None, (message.note, REASON)))[:200]
    transaction.on_commit(lambda: _report(user, len(over), quota))
    if len(over) < len(messages):
        return 0  # the turn that the others begin takes them along
    return (window - (now - times[quota.limit])).total_seconds()


def _times(user: WhatsAppUser) -> QuerySet[Message, datetime]:
    """When the user wrote what counts, the latest first."""
    written = Message.objects.filter(user=user, direction=Direction.IN).exclude(state=InboundState.IGNORED)
    return written.order_by("-sequence").values_list("created_at", flat=True)


def _may_be_over(user: WhatsAppUser, arriving: int, quota: Quota, now: datetime) -> bool:
    """Spare the query for who has hardly written; the database's clock may be some way off this one's."""
    if user.last_sequence <= quota.limit:
        return False
    recently = now - timedelta(seconds=2 * quota.seconds)
    return arriving > quota.limit or (user.last_inbound_at is not None and user.last_inbound_at > recently)


def _report(user: WhatsAppUser, messages: int, quota: Quota) -> None:
    metrics.count("rate_limited_total", messages, scope=quota.name)
    report_violation(quota, str(user.pk), user_id=user.pk)
