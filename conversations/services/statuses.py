"""What became of our messages: statuses move a message forward only, in whatever order they come."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from conversations.models import Direction, EarlyStatus, Message, OutboundState
from conversations.services import tombstones
from sessions_app.models import Channel
from sessions_app.providers.base import DeliveryState, StatusUpdate

# A status proves that the message went out, also when we had given it up or were about to send it again.
_UNDECIDED = (OutboundState.PENDING, OutboundState.SENDING, OutboundState.UNKNOWN, OutboundState.PARKED)
_COMES_FROM: dict[DeliveryState, tuple[OutboundState, ...]] = {
    DeliveryState.ACCEPTED: _UNDECIDED,
    DeliveryState.DELIVERED: (*_UNDECIDED, OutboundState.ACCEPTED),
    DeliveryState.READ: (*_UNDECIDED, OutboundState.ACCEPTED, OutboundState.DELIVERED),
    DeliveryState.FAILED: (*_UNDECIDED, OutboundState.ACCEPTED),
}
_TIMESTAMP = {
    DeliveryState.ACCEPTED: "accepted_at",
    DeliveryState.DELIVERED: "delivered_at",
    DeliveryState.READ: "read_at",
}


def apply(channel: Channel, updates: Sequence[StatusUpdate]) -> int:
    """Apply statuses to the channel's messages; returns how many there were.

    A status for an id that no message has yet is kept, and applied by `apply_early`.
    """
    for update in sorted(updates, key=lambda update: update.external_id):
        messages = _messages_of(channel.pk, update)
        if not _advance(messages, update) and not messages.exists():
            _keep(channel, update)
    return len(updates)


def apply_early(message: Message) -> None:
    """Apply the statuses that came before the provider's answer told us the message's id."""
    early = EarlyStatus.objects.filter(channel_id=message.channel_id, external_id=message.external_id)
    for status in early:
        update = StatusUpdate(
            external_id=status.external_id,
            state=DeliveryState(status.state),
            at=status.at,
            error_code=status.error_code,
            error_detail=status.error_detail,
        )
        _advance(_messages_of(message.channel_id, update), update)
    if early:
        early.delete()


def _messages_of(channel_id: int, update: StatusUpdate) -> QuerySet[Message]:
    """Return the message by the provider's id, or by the token that we sent along."""
    named = Q(external_id=update.external_id)
    with suppress(ValueError):  # callback data of somebody else's is no token of ours
        named |= Q(token=UUID(update.callback_data), external_id="")
    return Message.objects.filter(named, channel_id=channel_id, direction=Direction.OUT)


def _advance(messages: QuerySet[Message], update: StatusUpdate) -> bool:
    changes: dict[str, Any] = {"state": OutboundState(update.state), "external_id": update.external_id}
    if timestamp := _TIMESTAMP.get(update.state):
        changes[timestamp] = update.at or Now()
        changes["accepted_at"] = Coalesce("accepted_at", Now())
    if update.state == DeliveryState.FAILED:
        changes["reason"] = f"{update.error_code} {update.error_detail}".strip()[:200]
    return bool(messages.filter(state__in=_COMES_FROM[update.state]).update(**changes))


def _keep(channel: Channel, update: StatusUpdate) -> None:
    if tombstones.is_buried(channel.pk, update):
        return
    EarlyStatus.objects.bulk_create(
        [
            EarlyStatus(
                channel=channel,
                external_id=update.external_id[:200],
                state=update.state,
                at=update.at,
                error_code=update.error_code[:40],
                error_detail=update.error_detail[:200],
            )
        ],
        ignore_conflicts=True,
    )
