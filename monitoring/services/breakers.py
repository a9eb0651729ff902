"""Circuit breakers as staff see and operate them."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from botsite.resilience.breaker_shared import circuit_force, circuits
from botsite.resilience.breaker_state import Answer, Circuit
from botsite.telemetry.logging import get_logger
from conversations.services import waiting
from monitoring.models import BreakerEvent, Cause, CircuitState

log = get_logger("breaker")


@dataclass(frozen=True, slots=True)
class BreakerView:
    """A circuit as shown. Calls and failures are those of its window; `probe_at` is when it may be tried,
    None if that is now or never.
    """

    name: str
    state: CircuitState
    since: datetime | None
    calls: int
    failures: int
    probe_at: datetime | None
    opened_by: str


def breakers() -> list[BreakerView]:
    """Return all circuits in use, those that need attention first. Raises RedisAway."""
    views = [_view(name, answer) for name, answer in circuits().items()]
    return sorted(views, key=lambda view: (view.state is CircuitState.CLOSED, view.name))


def breaker_force(name: str, *, to_open: bool, staff: str) -> bool:
    """Open the circuit until it is closed by hand, or close it; False: it was so already. Raises RedisAway.

    A change whose audit could not be written does not last: `breakers_restore` undoes it.
    """
    was = circuit_force(name, by=staff if to_open else "").was
    if was is None:
        return False
    event = BreakerEvent.objects.create(
        name=name,
        was=was.name.lower(),
        now=CircuitState.OPEN if to_open else CircuitState.CLOSED,
        cause=Cause.MANUAL,
        staff=staff,
    )
    if not to_open:
        waiting.end_waits(name=name)
    log.info("CIRCUIT_OPENED" if to_open else "CIRCUIT_CLOSED", operation=name, was=event.was, staff=staff)
    return True


def breakers_restore() -> dict[str, int]:
    """Open and close what staff had, by the audit, and Redis has lost. Raises RedisAway."""
    by_hand = BreakerEvent.objects.filter(cause=Cause.MANUAL)
    latest = by_hand.order_by("name", "-id").distinct("name")
    opened = {event.name: event.staff for event in latest if event.now == CircuitState.OPEN}
    found = {name: answer.circuit.by for name, answer in circuits().items() if answer.circuit.by}
    differing = opened.keys() ^ found.keys()
    for name in differing:
        circuit_force(name, by=opened.get(name, ""))
    return {"restored": len(differing)}


def _view(name: str, answer: Answer) -> BreakerView:
    circuit, now = answer.circuit, time.monotonic()
    state = circuit.state(now)
    return BreakerView(
        name=name,
        state=CircuitState(state.name.lower()),
        since=_moment(circuit.since) if circuit.generation else None,
        calls=answer.calls,
        failures=answer.failures,
        probe_at=_probe_at(circuit, now),
        opened_by=circuit.by,
    )


def _probe_at(circuit: Circuit, now: float) -> datetime | None:
    at = max(circuit.retry_at, circuit.leased_until)
    return _moment(at) if circuit.is_open and not circuit.by and at > now else None


def _moment(monotonic: float) -> datetime:
    return timezone.now() + timedelta(seconds=monotonic - time.monotonic())
