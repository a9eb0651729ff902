"""Sending what stands in the outbox: in each user's order, once, with an honest state for every outcome."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from botsite.telemetry.logging import get_logger
from conversations.models import Direction, Message, OutboundState, WhatsAppUser
from conversations.services import statuses
from conversations.services.sending import RECONCILE_SECONDS, Claim, Outcome, send
from sessions_app.models import UnknownSendPolicy
from sessions_app.providers.registry import get_provider

SENDING_SECONDS = 30
"""How long a row may be `sending`: longer than a provider's total deadline. Later its outcome is unknown."""

log = get_logger("outbox")


def deliver_user(user_id: int) -> int:
    """Send what is due for this user, oldest first; returns how many were tried.

    It stops at the first message that is not sent: a later one never overtakes it.
    """
    tried = 0
    while claim := _claim_next(user_id):
        tried += 1
        outcome = send(claim)
        _record(claim, outcome)
        if outcome.state != OutboundState.ACCEPTED:
            break
    return tried


def decide_unknown() -> int:
    """Settle what stayed unknown: sends nobody finished become unknown, unknown ones the channel's policy.

    Returns how many rows were moved on.
    """
    expired = Message.objects.filter(state=OutboundState.SENDING, sending_until__lt=Now()).update(
        state=OutboundState.UNKNOWN,
        reason="the worker vanished while sending",
        available_at=Now() + timedelta(seconds=RECONCILE_SECONDS),
    )
    undecided = Message.objects.filter(state=OutboundState.UNKNOWN, available_at__lt=Now())
    again = undecided.filter(channel__unknown_send_policy=UnknownSendPolicy.RESEND).update(
        state=OutboundState.PENDING, reason="outcome unknown, sent again", available_at=None
    )
    parked = undecided.exclude(channel__unknown_send_policy=UnknownSendPolicy.RESEND).update(
        state=OutboundState.PARKED, reason="outcome unknown: it may have arrived", available_at=None
    )
    return expired + again + parked


def users_with_due_messages(limit: int) -> list[int]:
    """Return users whose next message can be sent now, the longest waiting first."""
    return list(due_messages().order_by("pk").values_list("user_id", flat=True)[:limit])


def due_messages() -> QuerySet[Message]:
    """Return the messages that can be sent now, at most one of each user."""
    earlier = _unsent().filter(user=OuterRef("user"), sequence__lt=OuterRef("sequence"))
    return (
        Message.objects.filter(direction=Direction.OUT, state=OutboundState.PENDING)
        .exclude(available_at__gt=Now())
        .exclude(user__next_send_at__gt=Now())
        .exclude(Exists(earlier))
    )


def _claim_next(user_id: int) -> Claim | None:
    """Mark the user's oldest unsent message `sending`, unless it is not its time or somebody else has it."""
    until = time.monotonic() + SENDING_SECONDS
    users = WhatsAppUser.objects.filter(pk=user_id).exclude(next_send_at__gt=Now())
    with transaction.atomic():
        if users.select_for_update(no_key=True).first() is None:
            return None
        head = _unsent().filter(user_id=user_id).order_by("sequence").first()
        if head is None:
            return None
        due = Message.objects.filter(pk=head.pk, state=OutboundState.PENDING).exclude(available_at__gt=Now())
        claimed = due.update(
            state=OutboundState.SENDING,
            attempts=F("attempts") + 1,
            sending_until=Now() + timedelta(seconds=SENDING_SECONDS),
        )
        if not claimed:
            return None
        users.update(next_send_at=Now() + timedelta(seconds=_pace_seconds(head.channel.kind)))
    return Claim(head, head.attempts + 1, until)


def _unsent() -> QuerySet[Message]:
    """Messages that later ones must not overtake: an unknown one too, if it may be sent again."""
    on_the_way = Q(state__in=(OutboundState.PENDING, OutboundState.SENDING)) | Q(
        state=OutboundState.UNKNOWN, channel__unknown_send_policy=UnknownSendPolicy.RESEND
    )
    return Message.objects.filter(on_the_way, direction=Direction.OUT).select_related("channel")


def _pace_seconds(kind: str) -> float:
    return settings.SEND_PAIR_SECONDS if get_provider(kind).limits.pair_paced else 0


def _record(claim: Claim, outcome: Outcome) -> None:
    """Write the outcome, unless a status was faster or the message was claimed again meanwhile."""
    message = claim.message
    changes: dict[str, Any] = {
        "state": outcome.state,
        "reason": outcome.reason,
        "failures": F("failures") + outcome.failures,
        "sending_until": None,
        "available_at": Now() + timedelta(seconds=outcome.delay) if outcome.delay else None,
    }
    if outcome.template:
        changes["template"] = outcome.template
    if outcome.state == OutboundState.ACCEPTED:
        changes |= {"external_id": outcome.external_id, "accepted_at": Now()}
    # An answer that comes after the claim ran out still tells the truth about an unknown outcome.
    undecided = (OutboundState.SENDING, OutboundState.UNKNOWN)
    Message.objects.filter(pk=message.pk, attempts=claim.attempt, state__in=undecided).update(**changes)
    if outcome.state == OutboundState.ACCEPTED:
        message.external_id = outcome.external_id
        statuses.apply_early(message)
    else:
        code = outcome.reason.partition(":")[0]  # the provider's sentence may quote number and text
        log.warning("SEND_NOT_ACCEPTED", message_id=message.pk, state=outcome.state, error=code)
