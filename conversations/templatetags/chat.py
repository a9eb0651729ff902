"""Filters of the chat bubbles, and the counts of the admin's start page."""

from django import template
from django.utils.translation import get_language_info, gettext

from botsite.ago import ago
from conversations.bubbles import kind_text, reason_text
from conversations.models import Direction, InboundState, Message, OutboundState
from conversations.services.attention import Attention, attention

register = template.Library()
register.filter(ago)
register.filter(kind_text)
register.filter(reason_text)

_OUTBOUND_TICKS = {
    OutboundState.PENDING: "clock",
    OutboundState.SENDING: "clock",
    OutboundState.ACCEPTED: "single",
    OutboundState.DELIVERED: "double",
    OutboundState.READ: "read",
}
_READ_BY_US = (InboundState.ANSWERED, InboundState.MERGED)
_TO_BE_SEEN = (
    InboundState.PENDING,
    InboundState.HELD,
    InboundState.IGNORED,
    OutboundState.FAILED,
    OutboundState.UNKNOWN,
    OutboundState.PARKED,
)


@register.filter
def language_name(code: str) -> str:
    """Return the language's name in the reader's; the code itself for one that Django does not know."""
    try:
        return gettext(get_language_info(code)["name"])
    except KeyError:
        return code


@register.filter
def is_own(message: Message, side: str) -> bool:
    """Whether the bubble stands on the right: what the one who looks has sent."""
    return message.direction == (Direction.IN if side == "customer" else Direction.OUT)


@register.filter
def tick(message: Message, side: str) -> str:
    """Return clock, single, double or read for one's own messages; empty where there is no tick."""
    if not is_own(message, side):
        return ""
    if message.direction == Direction.IN:
        return "read" if message.state in _READ_BY_US else "double"
    return _OUTBOUND_TICKS.get(OutboundState(message.state), "")


@register.filter
def needs_badge(message: Message) -> bool:
    """Whether the state of a message says more to staff than its ticks do."""
    return message.state in _TO_BE_SEEN and tick(message, "staff") == ""


@register.filter
def day_position(sequence: int) -> str:
    """Return where a day's line stands for the page's script: just before its first message."""
    return f"{sequence - 0.5:.1f}"


@register.simple_tag
def attention_needed() -> Attention:
    """What waits for a person now."""
    return attention()
