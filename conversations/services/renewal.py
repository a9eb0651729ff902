"""Threads that have grown too old: the customer's next message begins a new one, with a summary of the old.

The model is asked once; if it fails, or its worker vanishes, the earlier summary and the last messages go on
alone, and the conversation with them.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from botsite.resilience.leases import Lease
from botsite.telemetry.logging import get_logger
from conversations.llm.base import LLMError
from conversations.models import Message, RunState, Thread, WhatsAppUser
from conversations.services import summaries
from conversations.services.client_data import ClientData
from conversations.services.language_models import language_models
from conversations.services.turn import LEASE_SECONDS

CLOSE_REASON = "too_old"

log = get_logger("threads")


def looks_too_old(client: ClientData) -> bool:
    """Tell from what is cached whether the user's thread is to be looked at; `renew` asks the database."""
    started = client.thread_started_at
    return started is not None and started < timezone.now() - _longest_age()


def renew(user: WhatsAppUser, lease: Lease) -> None:
    """Begin the user's open thread anew if it is older than THREAD_MAX_AGE_HOURS and no run is active in it.

    Call it with the user leased and outside any transaction: a model may be asked.
    """
    old = Thread.objects.filter(user=user, closed_at=None, started_at__lt=Now() - _longest_age())
    thread = old.exclude(runs__state=RunState.ACTIVE).first()
    if thread is None:
        return
    thread.user = user
    past = summaries.messages_to_summarise(thread)
    summary = _summary(thread, past) if _is_first_attempt(thread) else thread.summary
    with transaction.atomic():
        if not lease.renew(LEASE_SECONDS):
            return
        successor = summaries.begin_anew(thread, summary, leaving=past, reason=CLOSE_REASON)
    log.info("THREAD_RENEWED", thread_id=thread.pk, successor_id=successor and successor.pk)


def _longest_age() -> timedelta:
    return timedelta(hours=settings.THREAD_MAX_AGE_HOURS)


def _is_first_attempt(thread: Thread) -> bool:
    """Note on the open thread that its summary is being made; False when somebody tried and vanished."""
    return bool(Thread.objects.filter(pk=thread.pk, close_reason="").update(close_reason=CLOSE_REASON))


def _summary(thread: Thread, past: list[Message]) -> str:
    models = language_models()
    if not models:
        return thread.summary
    try:
        return summaries.summarised(models[0], thread, past)
    except LLMError as error:
        log.warning(
            "THREAD_RENEWAL_ERROR", thread_id=thread.pk, error=str(error), fallback="the earlier summary"
        )
        return thread.summary
