"""Adding outbound messages: the row is the transcript's entry and the outbox's order at once."""

import textwrap
from typing import Any

from django.db import transaction
from django.db.models import F

from conversations.models import Author, Direction, Message, OutboundState, WhatsAppUser


def outbound_append(
    user: WhatsAppUser,
    *texts: str,
    author: Author,
    state: OutboundState = OutboundState.PENDING,
    **fields: Any,
) -> list[Message]:
    """Append one outbound message per text, next in the user's sequence; `fields` are those of Message.

    Locks the user's row to the transaction's end, so that the sequence has no rival.
    """
    with transaction.atomic():
        row = WhatsAppUser.objects.filter(pk=user.pk)
        row.update(last_sequence=F("last_sequence") + len(texts))
        last = row.values_list("last_sequence", flat=True).get()
        first = last - len(texts) + 1
        return Message.objects.bulk_create(
            Message(
                channel_id=user.channel_id,
                user=user,
                direction=Direction.OUT,
                author=author,
                sequence=first + position,
                text=text,
                state=state,
                **fields,
            )
            for position, text in enumerate(texts)
        )


def split_text(text: str, limit: int) -> tuple[str, ...]:
    """Return `text` as pieces of at most `limit` characters, parted between words where there are any."""
    if len(text) <= limit:
        return (text,)
    return tuple(textwrap.wrap(text, limit, replace_whitespace=False, expand_tabs=False))
