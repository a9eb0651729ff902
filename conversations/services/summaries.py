"""Threads that have grown too long are closed, and begun anew from a summary and their last messages.

The model works outside any transaction. What it wrote counts only if the customer is still left alone when it
is committed; a thread that could not be summarised stays as it is, and is tried again the next time.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from botsite.celery import app
from botsite.resilience import leases
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.llm.base import LLMError, LLMProvider, ProviderCredentialsError
from conversations.llm.summarising import build_summary_messages, split_turns
from conversations.models import Direction, InboundState, Message, RunState, Thread, WhatsAppUser
from conversations.services import activity, client_data
from conversations.services.language_models import language_models
from conversations.services.threads import as_chat
from conversations.services.usage import ask_for_summary

CLEAN_THREADS = "conversations.clean_threads"
CLOSE_REASON = "high_tokens"
KEPT_MESSAGES = 6
BATCH = 100
FAILURES_IN_A_ROW = 3
SUMMARISING_SECONDS = 900

log = get_logger("summaries")


class Outcome(StrEnum):
    CLEANED = "cleaned"
    SKIPPED = "skipped"
    FAILED = "failed"


def clean_threads(thread_ids: Collection[int] | None = None) -> dict[str, int]:
    """Summarise the open threads over THREAD_TOKEN_THRESHOLD, or those of `thread_ids` whatever their size.

    Returns how many were "found", and how many of them "cleaned", "skipped" (their customer was just being
    answered) and "failed"; at most BATCH are tried, the others the next time.
    Raises django.db.Error when the database does not answer; a model that does not is a failure counted.
    """
    started = time.monotonic()
    log.info("HIGH_TOKEN_CLEANUP", threshold=settings.THREAD_TOKEN_THRESHOLD)
    try:
        result = _clean(thread_ids)
    except DatabaseError as error:
        log.error("HIGH_TOKEN_CLEANUP_FAILED", error=type(error).__name__)
        raise
    seconds = round(time.monotonic() - started, 1)
    log.info("HIGH_TOKEN_CLEANUP_COMPLETED", **result, seconds=seconds)
    return result


def request_cleanup(thread_ids: Collection[int]) -> bool:
    """Let a worker summarise these threads soon; False when the broker does not take the order."""
    try:
        app.send_task(CLEAN_THREADS, args=(sorted(thread_ids),), retry=False)
    except (OperationalError, OSError) as error:
        log.warning("CLEANUP_NOT_REQUESTED", error=type(error).__name__)
        return False
    return True


def high_token_threads() -> QuerySet[Thread]:
    """Return the open threads that are over THREAD_TOKEN_THRESHOLD."""
    return Thread.objects.filter(closed_at=None, token_count__gt=settings.THREAD_TOKEN_THRESHOLD)


def _clean(thread_ids: Collection[int] | None) -> dict[str, int]:
    threads = high_token_threads()
    log.info("HIGH_TOKEN_THREADS_METRIC", count=threads.count())
    if thread_ids is not None:
        threads = Thread.objects.filter(closed_at=None, pk__in=thread_ids)
    found = threads.count()
    outcomes: Counter[Outcome] = Counter()
    if models := language_models():
        # In random order: threads that fail every time must not keep the others from their turn.
        outcomes = _clean_each(models[0], threads.order_by("?")[:BATCH])
    elif found:
        log.warning(
            "NO_MODEL_CONFIGURED", operation="high_token_cleanup", fallback="threads left as they are"
        )
    return {"found": found, **{outcome.value: outcomes[outcome] for outcome in Outcome}}


def _clean_each(model: LLMProvider, threads: Iterable[Thread]) -> Counter[Outcome]:
    """Clean one thread after the other; a model that is down is not asked for all of them."""
    outcomes: Counter[Outcome] = Counter()
    in_a_row = 0
    for thread in threads:
        try:
            outcomes[_clean_one(model, thread)] += 1
            in_a_row = 0
        except LLMError as error:
            log.error("THREAD_CLEANUP_ERROR", user_id=thread.user_id, thread_id=thread.pk, error=str(error))
            outcomes[Outcome.FAILED] += 1
            in_a_row += 1
            if in_a_row == FAILURES_IN_A_ROW or isinstance(error, ProviderCredentialsError):
                break
    return outcomes


def _clean_one(model: LLMProvider, thread: Thread) -> Outcome:
    with _reserved(thread) as is_ours:
        if not is_ours or not _is_left_alone(thread):
            return Outcome.SKIPPED
        old = messages_to_summarise(thread)
        if not old:
            return Outcome.SKIPPED
        summary = summarised(model, thread, old)
        successor = _replace(thread, summary, old)
    if successor is None:
        log.info("THREAD_CLEANUP_SKIPPED", thread_id=thread.pk, error="the customer was being answered")
        return Outcome.SKIPPED
    metrics.count("token_cleanups_total")
    log.info("TOKEN_CLEANUP_METRIC", thread_id=thread.pk)
    log.info(
        "THREAD_OPTIMIZED",
        user_id=thread.user_id,
        thread_id=thread.pk,
        successor_id=successor.pk,
        original_tokens=thread.token_count,
        threshold=settings.THREAD_TOKEN_THRESHOLD,
    )
    return Outcome.CLEANED


@contextmanager
def _reserved(thread: Thread) -> Iterator[bool]:
    """Keep two clean-ups from paying for the same summary; without Redis they may, and no harm is done."""
    key = f"summarising:{thread.pk}"
    is_ours = cache.add(key, True, SUMMARISING_SECONDS) is not False
    try:
        yield is_ours
    finally:
        if is_ours:
            cache.delete(key)


def _is_left_alone(thread: Thread) -> bool:
    """Nobody is answering the thread's customer, and no orphaned run of it may still be fetched."""
    free = WhatsAppUser.objects.filter(leases.free(), pk=thread.user_id)
    return free.exists() and not thread.runs.filter(state=RunState.ACTIVE).exists()


def messages_to_summarise(thread: Thread) -> list[Message]:
    """Return all that was said but the last messages (in a short thread half of them), oldest first.

    What still waits for its answer belongs to the next turn, not to the past.
    """
    said = thread.messages.exclude(direction=Direction.IN, state=InboundState.PENDING)
    messages = list(said.only("direction", "text").order_by("sequence"))
    return messages[: len(messages) - min(KEPT_MESSAGES, len(messages) // 2)]


def summarised(model: LLMProvider, thread: Thread, messages: Iterable[Message]) -> str:
    """Return the thread's summary with notes on `messages` added. Raises an LLMError.

    They are made in steps of HISTORIAL_SUMMARY_THRESHOLD tokens.
    """
    notes = thread.summary
    turns = [as_chat(message) for message in messages]
    for piece in split_turns(turns, tokens=settings.HISTORIAL_SUMMARY_THRESHOLD):
        notes = ask_for_summary(model, build_summary_messages(notes=notes, turns=piece), thread).text
    return notes


def _replace(thread: Thread, summary: str, summarised: Iterable[Message]) -> Thread | None:
    """Let the thread's successor take its place, unless the customer is being answered: then None."""
    with transaction.atomic():
        WhatsAppUser.objects.select_for_update(no_key=True).filter(pk=thread.user_id).first()
        if not _is_left_alone(thread):
            return None
        return begin_anew(thread, summary, leaving=summarised, reason=CLOSE_REASON)


def begin_anew(thread: Thread, summary: str, *, leaving: Iterable[Message], reason: str) -> Thread | None:
    """Close the thread and open its successor, which gets every message but the `leaving` ones.

    None, and nothing is changed, when the thread was closed meanwhile. Call it with the user's row locked.
    """
    # Notes that staff erased meanwhile must not come back within the new ones.
    closing = Thread.objects.filter(pk=thread.pk, closed_at=None, summary=thread.summary)
    if not closing.update(closed_at=Now(), close_reason=reason, activity_due_at=activity.due_at_once()):
        return None
    successor = Thread.objects.create(user_id=thread.user_id, summary=summary)
    Thread.objects.filter(pk=thread.pk).update(successor=successor)
    thread.messages.exclude(pk__in=[message.pk for message in leaving]).update(thread=successor)
    client_data.invalidate(channel_id=thread.user.channel_id, user_id=thread.user_id)
    return successor
