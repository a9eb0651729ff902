"""Customers who wait because no model can be asked: one notice, one answer, or a person after half an hour.

They wait in the queue like everybody else; their turn is due when the first model may be tried again, or as
soon as one is back.
"""

import random
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Least, Now

from botsite.resilience.breaker import FRESH_SECONDS, State
from botsite.resilience.leases import Lease
from botsite.telemetry.events import circuit_changed
from botsite.telemetry.logging import get_logger
from conversations.models import Author, InboundState, WhatsAppUser
from conversations.services import circuits, dead_letter, usage
from conversations.services.answers import NoModelAtAll
from conversations.services.messages import outbound_append
from conversations.services.turn import LEASE_SECONDS, Turn

WAITING_REASON = "waiting_for_provider"
HELD_REASON = "provider_down"
LONGEST_WAIT = timedelta(minutes=30)
SHORTEST_PAUSE_SECONDS = 1.0
USUAL_PAUSE_SECONDS = 60.0
JITTER_SECONDS = 5.0

log = get_logger("waiting")


def wait_for_a_model(lease: Lease, turn: Turn, outage: NoModelAtAll) -> bool:
    """Leave the turn's messages pending until a model may be asked, or to a person when that took too long.

    No failure is counted. The customer is told once an outage, in the same transaction. False, and nothing is
    changed, when the user is not ours any more.
    """
    with transaction.atomic():
        if not lease.renew(LEASE_SECONDS):
            return False
        usage.fail_run(turn.run, str(outage), usage_unknown=outage.usage_unknown, decision=outage.decision)
        if lease.held().filter(waiting_since__lte=Now() - LONGEST_WAIT).exists():
            _hold(lease, turn)
            return True
        turn.settle(InboundState.PENDING, reason=WAITING_REASON)
        if _is_to_be_told(lease, outage):
            outbound_append(turn.user, outage.notice, author=Author.ASSISTANT, thread=turn.thread)
        since = Coalesce("waiting_since", Now())
        due = Least(Now() + timedelta(seconds=_pause(outage)), since + LONGEST_WAIT)
        lease.held().update(waiting_since=since, turn_due_at=due, lease_until=None)
    if circuits.any_has_closed(outage.candidates):  # before it could be known that somebody waits
        _make_due(WhatsAppUser.objects.filter(pk=turn.user.pk))
    return True


def end_waits(*, name: str) -> None:
    """Let all waiting customers be answered: the circuit `name` has closed. Call it outside of transactions.

    No hints are published: there may be thousands, and the sweepers take them as fast as it goes.
    """
    if name.startswith(circuits.PREFIX):
        _make_due(WhatsAppUser.objects.all())


def watch_circuits() -> None:
    """End the waits whenever a breaker of this process finds that a model is back."""
    circuit_changed.connect(_circuit_changed, dispatch_uid="waiting_customers")


def _circuit_changed(*, name: str, now: State, **_kwargs: object) -> None:
    if now is State.CLOSED:
        end_waits(name=name)


def _make_due(users: QuerySet[WhatsAppUser]) -> None:
    """Let those of `users` who wait be answered as soon as every process has heard of the closed circuit."""
    soon = Now() + timedelta(seconds=FRESH_SECONDS)
    with transaction.atomic():
        # In the order in which webhooks lock their customers, or the two might wait for each other.
        later = users.filter(waiting_since__isnull=False, turn_due_at__gt=soon).order_by("pk")
        waiting = list(later.select_for_update(no_key=True).values_list("pk", flat=True))
        WhatsAppUser.objects.filter(pk__in=waiting).update(turn_due_at=soon)
    if waiting:
        log.info("WAITING_ENDED", count=len(waiting))


def _hold(lease: Lease, turn: Turn) -> None:
    """Leave everything that waits to a person, what came during this turn too; the customer knows already."""
    turn.settle(InboundState.HELD, reason=HELD_REASON)
    dead_letter.waiting(turn.user).update(state=InboundState.HELD, reason=HELD_REASON)
    lease.held().update(waiting_since=None, turn_due_at=None, lease_until=None)
    log.warning("WAITING_TOO_LONG", user_id=turn.user.pk, fallback="held for a person")


def _is_to_be_told(lease: Lease, outage: NoModelAtAll) -> bool:
    """Note that the customer is told now; False when that was done in this outage."""
    began = Now() - timedelta(seconds=circuits.outage_seconds(outage.candidates))
    untold = Q(outage_notice_at=None) | Q(outage_notice_at__lt=began)
    return bool(lease.held().filter(untold, waiting_since=None).update(outage_notice_at=Now()))


def _pause(outage: NoModelAtAll) -> float:
    """Return the seconds until the first model may be tried; not all customers come at once."""
    seconds = circuits.retry_seconds(outage.candidates)
    seconds = USUAL_PAUSE_SECONDS if seconds is None else max(seconds, SHORTEST_PAUSE_SECONDS)
    return seconds + random.uniform(0, JITTER_SECONDS)  # noqa: S311  no secret
