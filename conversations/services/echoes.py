"""What a person wrote from the business's own phone."""

from collections.abc import Mapping, Sequence

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services import takeover
from conversations.services.cleaning import clean_json, clean_text
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from sessions_app.providers.base import BusinessEcho, Identity


def store(
    channel: Channel, echoes: Sequence[BusinessEcho], users: Mapping[tuple[Identity, ...], WhatsAppUser]
) -> int:
    """Store the echoes in the transcripts of `users` (by identities) and pause the assistant there.

    Returns how many echoes there were.
    """
    for echo in echoes:
        if Message.objects.filter(channel=channel, external_id=echo.external_id).exists():
            continue
        user = users[echo.identities]
        text, note = clean_text(echo.text)
        outbound_append(
            user,
            text,
            author=Author.PHONE,
            state=OutboundState.ACCEPTED,
            note=note,
            external_id=echo.external_id,
            payload=clean_json(echo.raw),
            provider_at=echo.sent_at,
        )
        takeover.pause(user)
    return len(echoes)
