"""The forwarder: takes news of sessions out of the outbox and tells Laravel, in batches.

Threads in every worker. What is due stands in Postgres, and so does who sends it: with Redis and beat dead
everything still travels.
"""

import threading
import time

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from botsite.resilience.breaker import BreakerOpen
from botsite.telemetry.logging import get_logger
from sessions_app.models import ForwardKind
from sessions_app.services.forward_claims import forwards_claim, forwards_look
from sessions_app.services.forward_pause import paused
from sessions_app.services.forward_sending import claim_send
from sessions_app.services.laravel import POST_SECONDS, laravel_breaker

IDLE_SECONDS = 1.0
"""How often a lane looks when nothing is due."""
FLUSH_SECONDS = 5.0
FAILED_SECONDS = 2.0

log = get_logger("forwarder")


class Lane:
    """One request at a time of one kind. An urgent lane looks more often, and after urgent rows alone."""

    def __init__(self, kind: ForwardKind, *, urgent: bool = False) -> None:
        self._kind = kind
        self._urgent = urgent
        self._look_seconds = _urgent_look_seconds() if urgent else IDLE_SECONDS

    def step(self) -> float:
        """Send a batch if one is due; returns the seconds until there may be something to do."""
        if laravel_breaker().seems_open():  # thousands may wait by now: they are not looked at in vain
            return IDLE_SECONDS
        look = forwards_look(self._kind, urgent=self._urgent)
        if look.due_in is None or look.due_in > 0:
            return min(self._look_seconds, look.due_in or self._look_seconds)
        if wait := paused():
            return min(wait.seconds, IDLE_SECONDS)
        return 0.0 if self._send() else self._look_seconds

    def guarded_step(self) -> float:
        """Do a step, and after an error, whatever it was, say when to try again."""
        try:
            return self.step()
        except DatabaseError as error:
            log.warning("FORWARD_FAILED", error=type(error).__name__, fallback="tried again")
        except Exception:  # without this thread nothing would be sent for ever
            log.exception("FORWARD_FAILED", fallback="tried again")
        connection.close()
        return FAILED_SECONDS

    def flush(self, deadline: float) -> None:
        """Send what waits, due or not, until nothing is left, Laravel fails or time is over."""
        while time.monotonic() < deadline and not paused() and self._send(flush=True):
            pass

    def _send(self, *, flush: bool = False) -> bool:
        try:
            permit = laravel_breaker().admit()
        except BreakerOpen:
            return False
        try:
            claim = forwards_claim(self._kind, flush=flush)
        except BaseException:
            permit.ignored()
            raise
        if claim is None:
            permit.ignored()
            return False
        return claim_send(claim, permit)


class Forwarder:
    """Three lanes: QR codes, statuses, and urgent statuses beside them, so that none waits for a slow answer.

    No more requests than that are under way from one worker, however much waits.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        lanes = (
            ("forward-qr", Lane(ForwardKind.QR)),
            ("forward-status", Lane(ForwardKind.STATUS)),
            ("forward-urgent", Lane(ForwardKind.STATUS, urgent=True)),
        )
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=name, daemon=True) for name, lane in lanes
        ]

    @property
    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send what waits, for FLUSH_SECONDS and one last answer at the most; the rest stays in Postgres."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(FLUSH_SECONDS + POST_SECONDS)

    def _run(self, lane: Lane) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            wait = lane.guarded_step()
        try:
            lane.flush(time.monotonic() + FLUSH_SECONDS)
        except DatabaseError as error:
            log.warning("FORWARD_NOT_FLUSHED", error=type(error).__name__, fallback="another worker")
        finally:
            connection.close()


def _urgent_look_seconds() -> float:
    """A half of the priority interval gathers; a quarter may pass until it is seen, one is for sending."""
    return min(max(settings.PRIORITY_INTERVAL_SECONDS / 4, 0.02), IDLE_SECONDS)
