"""Sending what was claimed: whole, and where Laravel refuses the whole in ever smaller parts."""

import random
from collections import deque
from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from botsite.resilience.breaker import BreakerOpen, Permit
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from sessions_app.models import ForwardState
from sessions_app.services.forward_batches import batch_begin, batch_end
from sessions_app.services.forward_claims import Claim, Item, LeaseLost, claim_settle
from sessions_app.services.forward_pause import pause_begin
from sessions_app.services.laravel import Answer, Verdict, batch_post, error_code, laravel_breaker

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
CONFIGURATION_PAUSE_SECONDS = 60.0
"""How long all is quiet after Laravel refused us ourselves: somebody has to put a setting right."""

log = get_logger("forwarder")


def claim_send(claim: Claim, permit: Permit) -> bool:
    """Send a claim and write what became of it; returns whether Laravel took the matter up.

    False: it is away, wants to be left alone or does not know us; the items are pending again.
    """
    parts: deque[Sequence[Item]] = deque([claim.items] if claim.items else [])
    try:
        while parts:
            part = parts.popleft()
            answer = _send(claim, part, [*part, *(item for rest in parts for item in rest)], permit)
            if answer.verdict is Verdict.REFUSED and len(part) > 1:
                middle = len(part) // 2
                parts.extendleft([part[middle:], part[:middle]])
            elif answer.verdict in (Verdict.ACCEPTED, Verdict.REFUSED):
                _settle(claim, part, answer)
            else:
                _put_back(claim, [part, *parts], answer)
                return False
            if parts:
                permit = laravel_breaker().admit()
    except BreakerOpen as error:
        claim_settle(claim, _pending(parts, "the circuit is open"), delay=error.retry_after)
        return False
    except LeaseLost:
        log.warning("FORWARD_LEASE_LOST", kind=claim.kind, items=len(claim.items))
    finally:
        permit.ignored()  # unless it was reported: nothing was sent with it
    return True


def _send(claim: Claim, part: Sequence[Item], unsettled: Sequence[Item], permit: Permit) -> Answer:
    with transaction.atomic():
        batch_id = batch_begin(claim.kind, part)
        claim.renew(unsettled, sending=part, batch_id=batch_id)
    connection.close()  # none is held while Laravel works
    answer = batch_post(claim.kind, str(batch_id), [item.body for item in part], permit)
    metrics.count("forward_requests_total", kind=claim.kind, result=answer.verdict)
    batch_end(batch_id, answer.verdict, is_final=answer.verdict in (Verdict.ACCEPTED, Verdict.REFUSED))
    return answer


def _settle(claim: Claim, part: Sequence[Item], answer: Answer) -> None:
    refused = answer.rejected if answer.verdict is Verdict.ACCEPTED else {0: answer.error}
    claim_settle(
        claim,
        [
            (item, ForwardState.PARKED, refused[index])
            if index in refused
            else (item, ForwardState.DELIVERED, "")
            for index, item in enumerate(part)
        ],
    )
    if refused:
        log.warning(
            "FORWARD_PARKED",
            kind=claim.kind,
            items=len(refused),
            error=error_code(next(iter(refused.values()))),
        )


def _put_back(claim: Claim, parts: Sequence[Sequence[Item]], answer: Answer) -> None:
    """Let the items wait for another try, and for all others where Laravel asked for it or knows us not."""
    delay = _pause_seconds(max(item.attempts for part in parts for item in part))
    if answer.verdict is Verdict.CONFIGURATION:
        log.error(
            "FORWARD_CONFIGURATION",
            kind=claim.kind,
            error=error_code(answer.error),
            fallback="nothing is sent",
        )
        pause_begin(CONFIGURATION_PAUSE_SECONDS, answer.error)
    elif answer.verdict is Verdict.THROTTLED:
        delay = answer.wait_seconds if answer.wait_seconds is not None else delay
        pause_begin(delay, answer.error)
    log.warning(
        "FORWARD_FAILED", kind=claim.kind, error=error_code(answer.error), fallback=f"again in {delay:.1f} s"
    )
    claim_settle(claim, _pending(parts, answer.error), delay=delay)


def _pending(parts: Iterable[Sequence[Item]], error: str) -> list[tuple[Item, ForwardState, str]]:
    return [(item, ForwardState.PENDING, error) for part in parts for item in part]


def _pause_seconds(attempts: int) -> float:
    """Return a time between 0 and what doubles with every attempt (full jitter)."""
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts, 16), LONGEST_PAUSE_SECONDS)
    return random.uniform(0, longest)  # noqa: S311  no secret
