"""What waits for a person: held questions, dead letters, sends with an unknown or bad end."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from conversations.models import Direction, InboundState, Message, OutboundState

LISTED = 8


@dataclass(frozen=True, slots=True)
class Attention:
    """Counts of messages by state, and the oldest held message of each customer, the longest wait first."""

    held: int
    parked: int
    unknown: int
    waiting: Sequence[Message]


def attention() -> Attention:
    """Count and list what waits for a person now, in two queries over the small index of such messages."""
    states = (InboundState.HELD, InboundState.PARKED, OutboundState.UNKNOWN)
    rows = Message.objects.filter(state__in=states).values_list("state").annotate(Count("pk"))
    counts = dict(rows)
    return Attention(
        held=counts.get(InboundState.HELD, 0),
        parked=counts.get(InboundState.PARKED, 0),
        unknown=counts.get(OutboundState.UNKNOWN, 0),
        waiting=_longest_waiting(),
    )


def _longest_waiting() -> list[Message]:
    held = Message.objects.filter(direction=Direction.IN, state=InboundState.HELD)
    first_of_each = held.order_by("user_id", "sequence").distinct("user_id").values("pk")
    oldest = Message.objects.filter(pk__in=first_of_each).select_related("user", "channel")
    return list(oldest.order_by("created_at")[:LISTED])
