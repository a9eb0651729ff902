"""Conversations: how many there were, how many go on, how long one takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, F, Max, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from conversations.models import Direction, Message, WhatsAppUser
from monitoring.services.time_steps import Window

PAUSE = timedelta(minutes=30)
"""Who has not written for so long has left."""


@dataclass(frozen=True, slots=True)
class Conversations:
    """A conversation is all that a customer and we wrote on a day of TIME_ZONE, if the customer wrote at all.

    `mean_seconds` is from the first message to the last, None without any conversation; `active` is how many
    go on now.
    """

    active: int
    total: int
    mean_seconds: float | None


def conversations(window: Window) -> Conversations:
    """Count the window's conversations, in two queries."""
    messages = Message.objects.filter(created_at__gte=window.since, created_at__lt=window.until)
    day = TruncDate("created_at", tzinfo=timezone.get_default_timezone())
    by_day = messages.order_by().annotate(day=day).values("day", "user_id")
    each = by_day.annotate(
        took=Max("created_at") - Min("created_at"), received=Count("pk", filter=Q(direction=Direction.IN))
    ).filter(received__gt=0)
    counted = each.aggregate(total=Count("user_id"), mean=Avg(F("took"), output_field=DurationField()))
    mean = counted["mean"]
    return Conversations(
        active=active_conversations(),
        total=counted["total"],
        mean_seconds=None if mean is None else mean.total_seconds(),
    )


def active_conversations(*, now: datetime | None = None) -> int:
    """Count the customers who wrote within the last PAUSE."""
    since = (now or timezone.now()) - PAUSE
    return WhatsAppUser.objects.filter(last_inbound_at__gte=since).count()
