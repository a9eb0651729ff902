"""The turn: claim a user, answer what waits, commit reply and books together, deliver.

The user is claimed, never a message. The lease is short and renewed while the model works; every write is
conditional on its epoch, so that whoever lost the user meanwhile (a stopped worker, a person who took over)
can change nothing.
"""

import time
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from botsite.resilience import leases
from botsite.resilience.leases import Lease
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.models import Author, InboundState, Message, WhatsAppUser
from conversations.services import (
    answering,
    client_data,
    dead_letter,
    memory,
    outbox,
    pacing,
    recovery,
    renewal,
    threads,
    usage,
    waiting,
)
from conversations.services.answers import Answer, AnswerFailed, NoModelAtAll
from conversations.services.client_data import ClientData
from conversations.services.messages import outbound_append
from conversations.services.threads import ThreadUnreadable
from conversations.services.turn import LEASE_SECONDS, Turn

BURST_LIMIT = 50
RETRY_SECONDS = 5.0

log = get_logger("turns")


class TurnResult(StrEnum):
    ANSWERED = "answered"
    NOTHING_DUE = "nothing_due"
    BUSY = "busy"
    FAILED = "failed"
    WAITING = "waiting"
    LOST = "lost"


def run_turn(user_id: int) -> TurnResult:
    """Answer everything that waits for `user_id`; whoever finds the user busy leaves it to the holder."""
    due = WhatsAppUser.objects.filter(pk=user_id, turn_due_at__lte=Now())
    lease = leases.claim(due, seconds=LEASE_SECONDS)
    if lease is None:
        return _not_claimed(user_id)
    with structlog.contextvars.bound_contextvars(user_id=user_id):
        try:
            return _drain(lease)
        except ThreadUnreadable:
            lease.held().update(turn_due_at=Now() + timedelta(seconds=RETRY_SECONDS), lease_until=None)
            return TurnResult.FAILED


def _not_claimed(user_id: int) -> TurnResult:
    """Tell an untimely hint from a busy user; the holder of a busy one drains what came meanwhile."""
    user = WhatsAppUser.objects.filter(pk=user_id, turn_due_at__lte=Now())
    if not user.exclude(leases.free()).exists():
        return TurnResult.NOTHING_DUE
    metrics.count("race_errors_total")
    log.info("RACE_ERROR_METRIC")
    log.warning("THREAD_LOCK_BUSY", user_id=user_id)
    log.info("PROCESSING_SKIPPED", user_id=user_id, fallback="left pending for the holder")
    return TurnResult.BUSY


def _drain(lease: Lease) -> TurnResult:
    """Take turn after turn until nothing waits, each bounded by LOCK_TIMEOUT_SECONDS."""
    result = TurnResult.NOTHING_DUE
    # Without the profile, which is read through the cache.
    user = lease.held().select_related("channel").only("channel").first()
    while user and (turn := _begin(lease, user, is_first=result == TurnResult.NOTHING_DUE)):
        started = time.monotonic()
        with (
            leases.keeper().keeping(lease, seconds=LEASE_SECONDS, limit=settings.LOCK_TIMEOUT_SECONDS),
            structlog.contextvars.bound_contextvars(thread_id=turn.thread.pk, run_id=turn.run.pk),
        ):
            result = _take(lease, turn)
        metrics.count("turns_total", result=result)
        metrics.observe("turn_seconds", time.monotonic() - started)
        if result in (TurnResult.FAILED, TurnResult.LOST):
            break
        outbox.deliver_user(user.pk)
        _note_thread(turn)
        if result == TurnResult.WAITING:
            break
    log.info("THREAD_LOCK_RELEASED")
    return result


def _begin(lease: Lease, user: WhatsAppUser, *, is_first: bool = True) -> Turn | None:
    """Start a run over what waits, the attempt recorded first; with nothing left, give the user back.

    What came too fast during a turn, which then was not the first, waits for a later one.
    """
    client = _validated(lease, user, client_data.get(user))
    with transaction.atomic():
        if not _is_ours(lease):
            return None
        found = threads.thread_for_turn(user, expected=client.thread_id)
        if (orphan := found.active_run) and (answered := recovery.adopt_orphan(lease, user, orphan)):
            return Turn.of(user, found.thread, orphan, answered, client=client, recovered=True)
        dead_letter.park_exhausted(user)
        messages = list(dead_letter.waiting(user).order_by("sequence")[:BURST_LIMIT])
        if not messages:
            lease.held().update(turn_due_at=None, lease_until=None, waiting_since=None)
            return None
        if not is_first and (seconds := pacing.seconds_off(user, messages)):
            lease.held().update(turn_due_at=Now() + timedelta(seconds=seconds), lease_until=None)
            return None
        run = usage.begin_run(found.thread, epoch=lease.epoch)
        # Counted as a crash until the run says otherwise: a worker that vanishes cannot count any more.
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            thread=found.thread, run=run, crashes=F("crashes") + 1
        )
    return Turn.of(user, found.thread, run, messages, client=client)


def _validated(lease: Lease, user: WhatsAppUser, client: ClientData) -> ClientData:
    """Begin a thread that is too old anew, however long its summary takes; returns what then holds good."""
    if not renewal.looks_too_old(client):
        return client
    with leases.keeper().keeping(lease, seconds=LEASE_SECONDS, limit=settings.LOCK_TIMEOUT_SECONDS):
        renewal.renew(user, lease)
    return client_data.get(user)


def _is_ours(lease: Lease, **changes: Any) -> bool:
    """Lock the user's row to the transaction's end and extend the lease, if it is still ours; then True."""
    return lease.renew(LEASE_SECONDS, **changes)


def _note_thread(turn: Turn) -> None:
    """A new thread is in the cache at once; what else a turn changes is there after the fold."""
    user, thread_id = turn.user, turn.thread.pk
    if turn.client.thread_id != thread_id and client_data.needs_update(user, thread_id=thread_id):
        client_data.refresh(channel_id=user.channel_id, user_id=user.pk)


def _take(lease: Lease, turn: Turn) -> TurnResult:
    try:
        answer = answering.answer(turn, still_ours=lambda: _is_ours(lease))
    except NoModelAtAll as outage:
        log.warning("PROCESSING_ERROR", run_id=turn.run.pk, error=str(outage), fallback="waits for a model")
        return TurnResult.WAITING if waiting.wait_for_a_model(lease, turn, outage) else TurnResult.LOST
    except AnswerFailed as error:
        log.warning("PROCESSING_ERROR", run_id=turn.run.pk, error=str(error), fallback="tried again later")
        return TurnResult.FAILED if _fail(lease, turn, error) else TurnResult.LOST
    if not _commit(lease, turn, answer):
        log.warning("TURN_LOST", run_id=turn.run.pk)
        return TurnResult.LOST
    if turn.recovered:
        log.info("RUN_RECOVERED", run_id=turn.run.pk)
    return TurnResult.ANSWERED


def _commit(lease: Lease, turn: Turn, answer: Answer) -> bool:
    """Write reply, usage and the messages' new states together, if the user is still ours."""
    with transaction.atomic():
        if not _is_ours(lease, waiting_since=None):
            return False
        outbound_append(
            turn.user,
            *answer.texts,
            author=Author.ASSISTANT,
            thread=turn.thread,
            run=turn.run,
            degraded=answer.degraded,
        )
        turn.settle(InboundState.MERGED, reason="answered with a later message")
        Message.objects.filter(pk=turn.messages[-1].pk).update(
            state=InboundState.HELD if answer.held else InboundState.ANSWERED, reason=answer.reason
        )
        usage.complete_run(
            turn.run,
            provider=answer.provider,
            model=answer.model,
            usage=answer.usage,
            degraded=answer.degraded,
            decision=answer.decision,
            cache_key=answer.cache_key,
            saved_usd=answer.saved_usd,
        )
        memory.remember_turn(turn.user, turn.run, turn.messages)
    return True


def _fail(lease: Lease, turn: Turn, error: AnswerFailed) -> bool:
    """Record a failed attempt and give the user back until the next one is due."""
    with transaction.atomic():
        if not _is_ours(lease):
            return False
        turn.settle(InboundState.PENDING, reason=str(error)[:200], failures=1)
        usage.fail_run(turn.run, str(error), usage_unknown=error.usage_unknown, decision=error.decision)
        dead_letter.park_exhausted(turn.user)
        delay = 0 if error.retry_now else RETRY_SECONDS * 2 ** max(m.failures for m in turn.messages)
        if dead_letter.waiting(turn.user).exists():
            lease.held().update(turn_due_at=Now() + timedelta(seconds=delay), lease_until=None)
        else:
            lease.held().update(turn_due_at=None, lease_until=None, waiting_since=None)
    return True
