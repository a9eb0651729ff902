"""What a person wrote from the business's own phone."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models.functions import Now

from conversations.models import Author, Direction, Message, OutboundState, WhatsAppUser
from conversations.services import statuses, takeover
from conversations.services.cleaning import clean_json, clean_text
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from sessions_app.providers.base import BusinessEcho, DeliveryState, Identity, StatusUpdate

OWN_SEND_HOURS = 1
"""How long after a message was written its echo may still come: gateways repeat webhooks for half an hour."""
_WITHOUT_ID = (OutboundState.SENDING, OutboundState.UNKNOWN, OutboundState.PENDING, OutboundState.PARKED)


def store(
    channel: Channel, echoes: Sequence[BusinessEcho], users: Mapping[tuple[Identity, ...], WhatsAppUser]
) -> int:
    """Store the echoes in the transcripts of `users` (by identities) and pause the assistant there.

    What turns out to be a message of ours settles that one's outcome instead. Returns how many echoes there
    were.
    """
    for echo in echoes:
        if Message.objects.filter(channel=channel, external_id=echo.external_id).exists():
            continue
        user = users[echo.identities]
        if echo.may_be_ours and (ours := _own_send(user, echo.text)):
            _settle(channel, ours, echo)
            continue
        text, note = clean_text(echo.text)
        (message,) = outbound_append(
            user,
            text,
            author=Author.PHONE,
            state=OutboundState.ACCEPTED,
            note=note,
            external_id=echo.external_id,
            payload=clean_json(echo.raw),
            provider_at=echo.sent_at,
        )
        statuses.apply_early(message)
        takeover.pause(user)
    return len(echoes)


def _own_send(user: WhatsAppUser, text: str) -> Message | None:
    """Return the message of ours with these words whose send was begun and whose id we were not told yet.

    The echo can be faster than the answer to the send, and when that answer is lost it is all we ever hear.
    """
    begun = Message.objects.filter(
        user=user,
        direction=Direction.OUT,
        external_id="",
        attempts__gt=0,
        state__in=_WITHOUT_ID,
        created_at__gt=Now() - timedelta(hours=OWN_SEND_HOURS),
    )
    words = text.split()  # WhatsApp trims what it shows
    return next((message for message in begun.order_by("sequence") if message.text.split() == words), None)


def _settle(channel: Channel, message: Message, echo: BusinessEcho) -> None:
    accepted = StatusUpdate(
        echo.external_id, DeliveryState.ACCEPTED, echo.sent_at, callback_data=str(message.token)
    )
    statuses.apply(channel, [accepted])
    message.external_id = echo.external_id
    statuses.apply_early(message)  # how far it has come since, if that was told before
