"""Storing the transitions of circuit breakers, beside whatever caused them."""

import threading

from django.db import connection

from botsite.resilience.breaker import State
from botsite.telemetry.events import circuit_changed
from botsite.telemetry.logging import get_logger
from monitoring.models import BreakerEvent, Cause

log = get_logger("breaker")


def record_transitions() -> None:
    """Store every transition that this process's breakers make from now on."""
    circuit_changed.connect(_store_beside, dispatch_uid="breaker_events")


def _store_beside(*, name: str, was: State, now: State, **_kwargs: object) -> None:
    """Transitions are rare, and their cause may be within a transaction or waiting for an answer."""
    threading.Thread(target=_store, args=(name, was, now), name="breaker-event", daemon=True).start()


def _store(name: str, was: State, now: State) -> None:
    try:
        BreakerEvent.objects.create(
            name=name, was=was.name.lower(), now=now.name.lower(), cause=Cause.AUTOMATIC
        )
    except Exception as error:  # nobody waits for this thread; the transition itself is in the log
        log.warning("BREAKER_EVENT_NOT_STORED", operation=name, error=type(error).__name__)
    finally:
        connection.close()
