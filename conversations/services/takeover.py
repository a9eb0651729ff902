"""People stay in charge: pausing the assistant for a user, and resuming it."""

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from conversations.models import (
    Author,
    Direction,
    InboundState,
    Message,
    OutboundState,
    Run,
    RunState,
    WhatsAppUser,
)
from conversations.services import wakeups
from conversations.services.cleaning import clean_text
from conversations.services.messages import outbound_append, split_text
from conversations.services.threads import open_thread
from conversations.services.user_lookup import survivor_of
from sessions_app.providers.registry import get_provider


def pause(user: WhatsAppUser) -> WhatsAppUser:
    """Stop answering this user: waiting messages are held, and a reply in the making is not sent.

    Returns the user, or the one whom it was merged into since it was read.
    """
    with transaction.atomic():
        paused = WhatsAppUser.objects.filter(pk=user.pk).update(
            paused_at=Coalesce("paused_at", Now()),
            lease_epoch=F("lease_epoch") + 1,
            lease_until=None,
            turn_due_at=None,
            waiting_since=None,
        )
        if not paused and (survivor := survivor_of(user.pk)):
            return pause(survivor)
        messages = Message.objects.filter(user=user)
        messages.filter(direction=Direction.IN, state=InboundState.PENDING).update(
            state=InboundState.HELD, reason="assistant_paused"
        )
        messages.filter(author=Author.ASSISTANT, state=OutboundState.PENDING).update(
            state=OutboundState.PARKED, reason="a person took over"
        )
        Run.objects.filter(thread__user=user, state=RunState.ACTIVE).update(
            state=RunState.ABANDONED, finished_at=Now(), error="a person took over"
        )
    return user


def resume(user: WhatsAppUser) -> None:
    """Answer this user again, from the next message on; what is held stays with the person."""
    resumed = WhatsAppUser.objects.filter(pk=user.pk).update(paused_at=None)
    if not resumed and (survivor := survivor_of(user.pk)):
        resume(survivor)


def reply(user: WhatsAppUser, text: str, *, staff: str, seen: int) -> None:
    """Send what a person wrote, and leave the conversation to people: the assistant is paused.

    Held messages up to the sequence number `seen` (the last one that the person had on the screen) count as
    answered by it. `staff` is the name that the transcript shows. The outbox delivers once this is committed.
    """
    cleaned, note = clean_text(text)
    with transaction.atomic():
        user = pause(user)
        outbound_append(
            user,
            *split_text(cleaned, get_provider(user.channel.kind).text_limit),
            author=Author.STAFF,
            thread=open_thread(user),
            note="; ".join(filter(None, (staff, note)))[:200],
        )
        transaction.on_commit(lambda: wakeups.wake_delivery(user.pk))
        held = Message.objects.filter(user=user, direction=Direction.IN, state=InboundState.HELD)
        held.filter(sequence__lte=seen).update(state=InboundState.ANSWERED, reason="answered_by_staff")
