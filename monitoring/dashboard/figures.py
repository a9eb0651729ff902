"""The figures of the dashboard, read from Postgres: states, not rates."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations.models import Direction, InboundState, Message, OutboundState, WhatsAppUser
from sessions_app.models import Channel

RECENT = timedelta(days=7)
LATE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many messages are in a state."""

    direction: Direction
    state: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Today:
    """Messages since midnight in the site's time zone."""

    received: int
    answered: int
    sent: int


def state_counts() -> dict[Direction, list[StateCount]]:
    """Count the messages of the last seven days by direction and state, in one query; zeros included."""
    rows = Message.objects.filter(created_at__gte=Now() - RECENT).values_list("direction", "state")
    counted = {(direction, state): n for direction, state, n in rows.annotate(Count("pk"))}
    states = {Direction.IN: InboundState.choices, Direction.OUT: OutboundState.choices}
    return {
        direction: [
            StateCount(direction, state, str(label), counted.get((direction, state), 0))
            for state, label in choices
        ]
        for direction, choices in states.items()
    }


def today() -> Today:
    """Count today's messages, in one query."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    counted = Message.objects.filter(created_at__gte=midnight).aggregate(
        received=Count("pk", filter=Q(direction=Direction.IN)),
        answered=Count(
            "pk", filter=Q(direction=Direction.IN, state__in=(InboundState.ANSWERED, InboundState.MERGED))
        ),
        sent=Count("pk", filter=Q(direction=Direction.OUT)),
    )
    return Today(**counted)


def late_users() -> int:
    """Count customers whose answer has been due for over a minute: is a worker running?"""
    return WhatsAppUser.objects.filter(turn_due_at__lt=Now() - LATE_AFTER, paused_at=None).count()


def channels() -> list[Channel]:
    """Return the channels, each with the number of its customers as `user_count`."""
    return list(Channel.objects.annotate(user_count=Count("users")))
