"""Telling the workers that something is due: hints, published off the caller's path.

The publishing thread is the only one that touches the broker. A broker that is down or hangs costs the
caller nothing: the hint is dropped and the sweeper finds the work in Postgres.
"""

import queue
import threading
from dataclasses import dataclass
from functools import lru_cache

from kombu.exceptions import OperationalError

from botsite.celery import app
from botsite.telemetry import task_context
from botsite.telemetry.logging import get_logger
from botsite.telemetry.request_context import current_request_id

QUEUE_LIMIT = 10_000
HINT_LIFETIME_SECONDS = 60

RUN_TURN = "conversations.run_turn"
DELIVER = "conversations.deliver"
ENRICH = "conversations.enrich_profile"

log = get_logger("wakeups")


@dataclass(frozen=True, slots=True)
class Hint:
    task: str
    user_id: int
    delay: float
    request_id: str = ""


class Publisher:
    """A daemon thread that publishes hints, with a bounded queue before it."""

    def __init__(self) -> None:
        self._hints: queue.Queue[Hint] = queue.Queue(QUEUE_LIMIT)
        threading.Thread(target=self._publish_for_ever, name="wakeups", daemon=True).start()

    def put(self, hint: Hint) -> None:
        try:
            self._hints.put_nowait(hint)
        except queue.Full:
            log.warning("WAKEUP_DROPPED", user_id=hint.user_id, operation=hint.task, fallback="sweeper")

    def _publish_for_ever(self) -> None:
        while True:
            hint = self._hints.get()
            try:
                app.send_task(
                    hint.task,
                    args=(hint.user_id,),
                    countdown=hint.delay,
                    expires=hint.delay + HINT_LIFETIME_SECONDS,
                    retry=False,
                    headers={task_context.REQUEST_ID: hint.request_id},
                )
            except (OperationalError, OSError) as error:
                log.warning(
                    "WAKEUP_FAILED", user_id=hint.user_id, error=type(error).__name__, fallback="sweeper"
                )


@lru_cache(maxsize=1)
def _publisher() -> Publisher:
    return Publisher()


def wake_turn(user_id: int, *, delay: float) -> None:
    """Ask a worker to run the user's turn in `delay` seconds. Never blocks and never raises."""
    _publisher().put(Hint(RUN_TURN, user_id, delay, current_request_id()))


def wake_delivery(user_id: int) -> None:
    """Ask a worker to send what is due for the user. Call it after the commit. Never blocks, never raises."""
    _publisher().put(Hint(DELIVER, user_id, 0, current_request_id()))


def wake_enrichment(user_id: int) -> None:
    """Ask a worker to fetch the user's profile. Call it after the commit. Never blocks, never raises."""
    _publisher().put(Hint(ENRICH, user_id, 0, current_request_id()))
