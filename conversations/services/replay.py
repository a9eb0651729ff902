"""Out of the dead letter: a parked message is tried again."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models.functions import Now

from botsite.telemetry.logging import get_logger
from conversations.models import Direction, InboundState, Message, OutboundState, WhatsAppUser
from conversations.services import wakeups
from conversations.services.refusals import Refusal

log = get_logger("replay")


class NotReplayable(Refusal):
    """The message is not parked, or nobody would answer it."""


@dataclass(slots=True)
class ReplayReport:
    """How many messages are pending again, and why the others (by id) are not."""

    replayed: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def messages_replay(message_ids: Iterable[int]) -> ReplayReport:
    """Try to replay each of the messages, each for itself."""
    report = ReplayReport()
    for message_id in message_ids:
        try:
            message_replay(message_id)
            report.replayed += 1
        except NotReplayable as refusal:
            report.refused[message_id] = refusal.message
    return report


def message_replay(message_id: int) -> Message:
    """Make a parked message pending again with its attempts forgotten. Raises NotReplayable."""
    with transaction.atomic():
        message = _locked(message_id)
        if message.state not in (InboundState.PARKED, OutboundState.PARKED):
            raise NotReplayable("not_parked", f"The message is not parked but {message.state}.")
        if message.direction == Direction.IN:
            _make_answer_due(message.user)
            message.state = InboundState.PENDING
        else:
            transaction.on_commit(lambda: wakeups.wake_delivery(message.user_id))
            message.state = OutboundState.PENDING
        message.reason, message.failures, message.crashes, message.available_at = "", 0, 0, None
        message.save(update_fields=["state", "reason", "failures", "crashes", "available_at"])
    log.info("MESSAGE_REPLAYED", message_id=message.pk, direction=message.direction)
    return message


def _locked(message_id: int) -> Message:
    """Return the message with its user, both locked: the user first, as everybody does who writes both."""
    users = WhatsAppUser.objects.filter(messages=message_id)
    user = users.select_for_update(of=("self",), no_key=True).first()
    message = Message.objects.filter(pk=message_id).select_for_update(no_key=True).first()
    if user is None or message is None:
        raise NotReplayable("not_found", "There is no such message.")
    message.user = user
    return message


def _make_answer_due(user: WhatsAppUser) -> None:
    if user.paused_at:
        raise NotReplayable("assistant_paused", "The assistant is paused for this user: resume it first.")
    WhatsAppUser.objects.filter(pk=user.pk).update(turn_due_at=Now())
    transaction.on_commit(lambda: wakeups.wake_turn(user.pk, delay=0))
