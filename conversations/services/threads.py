"""The open thread of a user."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import OuterRef, Subquery

from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from botsite.telemetry.reports import report_conversation_start
from conversations.llm.base import ChatMessage
from conversations.models import Direction, Message, Run, RunState, Thread, WhatsAppUser

HISTORY_MESSAGES = 20

log = get_logger("threads")


class ThreadUnreadable(Exception):
    """The user's thread could not be read: the turn has to wait, for a new thread would lose the history."""


@dataclass(frozen=True, slots=True)
class TurnThread:
    """The thread of a turn, and the run that somebody left active in it."""

    thread: Thread
    active_run: Run | None = None


def thread_for_turn(user: WhatsAppUser, *, expected: int | None) -> TurnThread:
    """Return the user's open thread: the `expected` one if that is it, else the one that there is, else new.

    Call it with the user's row locked. Raises ThreadUnreadable; the transaction is then broken.
    """
    try:
        found = _open_with_run(user, pk=expected) if expected else None
        return found or _open_with_run(user) or TurnThread(open_thread(user))
    except DatabaseError as error:
        log.error(
            "BD_THREAD_ERROR", operation="thread", error=type(error).__name__, fallback="tried again later"
        )
        metrics.count("db_errors_total", operation="thread")
        raise ThreadUnreadable from error


def _open_with_run(user: WhatsAppUser, **which: int) -> TurnThread | None:
    active = Run.objects.filter(thread=OuterRef("pk"), state=RunState.ACTIVE)
    threads = Thread.objects.filter(user=user, closed_at=None, **which)
    thread = threads.annotate(active_run_id=Subquery(active.values("pk"))).first()
    if thread is None:
        return None
    thread.user = user
    run = Run.objects.get(pk=thread.active_run_id) if thread.active_run_id else None
    if run is not None:
        run.thread = thread  # whoever ends the run need not read again whose it is
    return TurnThread(thread, run)


def open_thread(user: WhatsAppUser) -> Thread:
    """Return the user's open thread, a new one when there is none. Call it with the user's row locked."""
    thread, is_new = Thread.objects.get_or_create(user=user, closed_at=None)
    if is_new:
        report_conversation_start(user_id=user.pk, thread_id=thread.pk, channel_id=user.channel_id)
    return thread


def history(thread: Thread, *, without: Sequence[Message]) -> list[Message]:
    """Return the thread's latest messages but the given ones, oldest first."""
    earlier = Message.objects.filter(thread=thread).exclude(pk__in=[message.pk for message in without])
    return list(earlier.order_by("-sequence")[:HISTORY_MESSAGES])[::-1]


def as_chat(message: Message) -> ChatMessage:
    """Return a message as the model is shown it; whoever answered, for the model it was the assistant."""
    return ChatMessage("user" if message.direction == Direction.IN else "assistant", message.text)
