"""Messages as chat bubbles: the same for the customer's simulated phone and for the staff's transcript."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypedDict

from django.template.loader import render_to_string
from django.utils.translation import gettext, gettext_noop

from conversations.models import Message

_REASONS = {
    "assistant_paused": gettext_noop("the assistant is paused"),
    "rate_limited": gettext_noop("wrote too fast: waits for the next answer"),
    "no_answer_known": gettext_noop("no answer is known"),
    "waiting_for_provider": gettext_noop("waiting: no model can be asked now"),
    "provider_down": gettext_noop("no model could be asked for half an hour"),
    "answered_by_staff": gettext_noop("answered by staff"),
    "budget_spent": gettext_noop("the budget is spent"),
    "reaction": gettext_noop("a reaction needs no answer"),
}
_SENTENCES = (  # reasons that are stored as they read
    gettext_noop("answered with a later message"),
    gettext_noop("a person took over"),
    gettext_noop("failed too often"),
    gettext_noop("crashed too often"),
    gettext_noop("the worker vanished while sending"),
    gettext_noop("outcome unknown, sent again"),
    gettext_noop("outcome unknown: it may have arrived"),
    gettext_noop("the user has no address"),
)
_OWN_WORDS = frozenset((*_REASONS.values(), *_SENTENCES))


_FAILURES = {  # our own codes of a call to a provider that failed, before ":"
    "not_sent": gettext_noop("the provider could not be reached"),
    "no_answer": gettext_noop("the provider did not answer"),
    "unreadable_answer": gettext_noop("the provider's answer was unreadable"),
    "no_message_id": gettext_noop("the provider took it and named no message"),
    "incomplete_channel": gettext_noop("the channel's settings are incomplete"),
    "unknown_kind": gettext_noop("no provider is known for this kind of channel"),
    "no_templates": gettext_noop("this channel has no templates"),
    "no_messages": gettext_noop("this channel sends no messages"),
    "recipient_kind": gettext_noop("the provider cannot address this customer"),
}
_KINDS = {
    "text": gettext_noop("text"),
    "image": gettext_noop("image"),
    "audio": gettext_noop("audio"),
    "voice": gettext_noop("voice message"),
    "video": gettext_noop("video"),
    "document": gettext_noop("document"),
    "sticker": gettext_noop("sticker"),
    "location": gettext_noop("location"),
    "contacts": gettext_noop("contacts"),
    "reaction": gettext_noop("reaction"),
    "template": gettext_noop("template"),
}


class Side(StrEnum):
    """Who is looking: one's own bubbles stand on the right, and staff see how every message stands."""

    CUSTOMER = "customer"
    STAFF = "staff"


class Item(TypedDict):
    """A bubble for the page's script: `html` replaces what stands at `sequence`."""

    sequence: int
    html: str


def rendered(messages: Sequence[Message], *, side: Side) -> list[Item]:
    """Return the bubbles of `messages` as `side` sees them, in the same order."""
    return [
        Item(
            sequence=message.sequence,
            html=render_to_string("conversations/bubble.html", {"message": message, "side": side}),
        )
        for message in messages
    ]


def reason_text(message: Message) -> str:
    """Return the reason of a message's state, in the reader's language where it is one of our own words."""
    text = _REASONS.get(message.reason, message.reason)
    if text in _OWN_WORDS:
        return gettext(text)
    code, separator, detail = text.partition(": ")
    if separator and code in _FAILURES:
        return f"{gettext(_FAILURES[code])} ({detail})"
    return text


def kind_text(message: Message) -> str:
    """Return what kind of message it is, in the reader's language; the provider's word for an unusual one."""
    return gettext(_KINDS[message.kind]) if message.kind in _KINDS else message.kind
