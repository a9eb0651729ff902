"""How old the oldest in a queue is: seconds by Postgres's clock, 0 when nothing waits, one query each.

Two questions are asked. For how long could somebody have taken it: is anybody working? And for how long has
it been there: does anybody wait? What is put off again and again, by a model that is away or by what a number
may send in a minute, is never due for long. Each raises django.db.Error.
"""

from datetime import timedelta

from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce, Greatest, Now

from botsite.resilience import leases
from conversations.models import Direction, InboundState, Message, OutboundState, WhatsAppUser
from conversations.services.outbox import due_messages
from sessions_app.models import Forward, ForwardState


def turn_due_seconds() -> float:
    """For how long a customer's answer is due whom nobody is answering, paused ones left out."""
    due = WhatsAppUser.objects.filter(leases.free(), turn_due_at__lte=Now(), paused_at=None)
    return _seconds(due.aggregate(age=Now() - Min("turn_due_at"))["age"])


def question_seconds() -> float:
    """For how long a message has been without an answer, those of paused customers left out."""
    waiting = Message.objects.filter(direction=Direction.IN, state=InboundState.PENDING, user__paused_at=None)
    oldest = waiting.order_by("pk").annotate(age=Now() - F("created_at"))
    return _seconds(oldest.values_list("age", flat=True).first())


def send_due_seconds() -> float:
    """For how long a message could have been sent."""
    created = F("created_at")
    since = Greatest(created, Coalesce("available_at", created), Coalesce("user__next_send_at", created))
    oldest = due_messages().order_by("pk").annotate(age=Now() - since)
    return _seconds(oldest.values_list("age", flat=True).first())


def reply_seconds() -> float:
    """For how long a message has been unsent that is not put off just now."""
    waiting = Message.objects.filter(direction=Direction.OUT, state=OutboundState.PENDING)
    ready = waiting.exclude(available_at__gt=Now())
    oldest = ready.order_by("pk").annotate(age=Now() - F("created_at"))
    return _seconds(oldest.values_list("age", flat=True).first())


def forward_due_seconds() -> float:
    """For how long Laravel should have been told something."""
    lost = Q(state=ForwardState.SENDING, lease_until__lt=Now())
    due = Forward.objects.filter(Q(state=ForwardState.PENDING) | lost, due_at__lte=Now())
    return _seconds(due.aggregate(age=Now() - Min("due_at"))["age"])


def _seconds(age: timedelta | None) -> float:
    return max(age.total_seconds(), 0.0) if age else 0.0
