"""Finite attempts: what has failed or crashed too often is parked, visible, and can be replayed."""

from django.db.models import Q, QuerySet

from botsite.telemetry.logging import get_logger
from conversations.models import Direction, InboundState, Message, WhatsAppUser

MAX_FAILURES = 3
MAX_CRASHES = 5

log = get_logger("dead_letter")


def waiting(user: WhatsAppUser) -> QuerySet[Message]:
    """Return the user's messages that wait for an answer."""
    return Message.objects.filter(user=user, direction=Direction.IN, state=InboundState.PENDING)


def park_exhausted(user: WhatsAppUser) -> None:
    """Park the user's messages whose attempts are used up. Call it with the user's row locked."""
    for exhausted, reason in (
        (Q(failures__gte=MAX_FAILURES), "failed too often"),
        (Q(crashes__gte=MAX_CRASHES), "crashed too often"),
    ):
        if parked := waiting(user).filter(exhausted).update(state=InboundState.PARKED, reason=reason):
            log.error("MESSAGES_PARKED", user_id=user.pk, count=parked, error=reason)
