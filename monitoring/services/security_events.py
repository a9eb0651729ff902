"""Storing security events, beside the requests that caused them and however many they are."""

import queue
import threading
from collections.abc import Mapping
from functools import lru_cache

from django.db import connection
from django.utils import timezone

from botsite.telemetry.events import security_event
from botsite.telemetry.logging import get_logger
from botsite.telemetry.redact import mask_text, mask_value
from botsite.telemetry.request_context import current_request_id
from monitoring.models import SecurityEvent

WAITING_LIMIT = 1000  # a flood is worth no memory; all of it is in the log
BATCH = 100

log = get_logger("security")


def record_security_events() -> None:
    """Store every security event that this process reports from now on."""
    security_event.connect(_note, dispatch_uid="security_events")


class Recorder:
    """A daemon thread that stores what waits, many at a time."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[SecurityEvent] = queue.Queue(WAITING_LIMIT)
        threading.Thread(target=self._store_for_ever, name="security-events", daemon=True).start()

    def put(self, event: SecurityEvent) -> None:
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            log.error("SECURITY_EVENT_NOT_STORED", operation=event.operation, error="too many are waiting")

    def _store_for_ever(self) -> None:
        while True:
            events = [self._waiting.get()]
            while len(events) < BATCH and not self._waiting.empty():
                events.append(self._waiting.get())
            _store(events)


@lru_cache(maxsize=1)
def _recorder() -> Recorder:
    return Recorder()


def _note(*, operation: str, facts: Mapping[str, str], **_kwargs: object) -> None:
    others = {name: value for name, value in facts.items() if name != "address"}
    _recorder().put(
        SecurityEvent(
            at=timezone.now(),
            operation=operation[:100],
            address=mask_text(facts.get("address", ""))[:50],
            request_id=current_request_id(),
            facts=mask_value(others),
        )
    )


def _store(events: list[SecurityEvent]) -> None:
    try:
        SecurityEvent.objects.bulk_create(events)
    except Exception as error:  # nobody waits for this thread; the events themselves are in the log
        log.error("SECURITY_EVENT_NOT_STORED", count=len(events), error=type(error).__name__)
    finally:
        connection.close()
