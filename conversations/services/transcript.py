"""Reading a conversation: in pages from its end, and what has changed since."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.models import Message, WhatsAppUser

PAGE_MESSAGES = 50
FEED_MESSAGES = 100
OVERLAP = 30
"""How many messages before the last one seen are looked at again: their states may have changed."""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in order; `older` and `newer` say whether there are more on either side."""

    messages: list[Message]
    older: bool
    newer: bool

    @property
    def first_sequence(self) -> int:
        return self.messages[0].sequence if self.messages else 0

    @property
    def last_sequence(self) -> int:
        return self.messages[-1].sequence if self.messages else 0


def page(user: WhatsAppUser, *, before: int | None = None) -> Page:
    """Return the latest messages of a conversation, or the latest before the sequence number `before`."""
    rows = Message.objects.filter(user=user)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    latest = list(rows.order_by("-sequence")[: PAGE_MESSAGES + 1])
    return Page(
        messages=latest[:PAGE_MESSAGES][::-1], older=len(latest) > PAGE_MESSAGES, newer=before is not None
    )


def since(user: WhatsAppUser, *, after: int) -> Sequence[Message]:
    """Return what came after the sequence number `after`, and the few before it that may have changed."""
    rows = Message.objects.filter(user=user, sequence__gt=after - OVERLAP if after else 0)
    return list(rows.order_by("-sequence")[:FEED_MESSAGES])[::-1]
