"""Finding unfinished work in Postgres: with Redis and beat dead, everything is still answered.

A daemon thread in every worker. It finds users whose turn is due, messages that are to be sent and profiles
to fetch, and works on them itself, in a few threads of its own, claiming each by the same rules as everybody
else.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from botsite.resilience import leases
from botsite.resilience.retry import database_retry
from botsite.telemetry.logging import get_logger
from conversations.models import WhatsAppUser
from conversations.services import activity, enrichment, outbox, recovery, turns

INTERVAL_SECONDS = 1.0
BATCH = 100

log = get_logger("sweeper")


def users_with_due_turns(limit: int) -> list[int]:
    """Return users whose messages wait and whom nobody is answering: orphans, then the longest due first."""
    due = WhatsAppUser.objects.filter(leases.free(), Q(turn_due_at__lte=Now()), paused_at=None)
    # Only a vanished worker leaves a lease behind.
    in_order = due.order_by(F("lease_until").asc(nulls_last=True), "turn_due_at")
    return list(in_order.values_list("pk", flat=True)[:limit])


class Sweeper:
    """Looks every second until `stop`; what it finds is worked on in its own small pool.

    No more is taken than there are free threads: the rest stays in Postgres, in the order in which it is due,
    where an orphan finds its place at the head. Turns may have WORKER_THREADS threads, sends a quarter of
    that and fetches of profiles a few beside them.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._places = {
            "turn": settings.WORKER_THREADS,
            "send": max(settings.WORKER_THREADS // 4, 1),
            "profile": enrichment.FETCHES_AT_ONCE,
        }
        self._pool = ThreadPoolExecutor(sum(self._places.values()), thread_name_prefix="sweeper")
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._under_way: set[tuple[str, int]] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, wait: bool = False) -> None:
        """Stop looking; work under way is finished by its own thread, with `wait` before this returns."""
        self._stopped.set()
        if wait and self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _run(self) -> None:
        log.info("BOT_INITIALIZED")
        while not self._stopped.wait(INTERVAL_SECONDS):
            try:
                self._sweep()
            except DatabaseError as error:
                log.warning("SWEEP_FAILED", error=type(error).__name__, fallback="next sweep")
            finally:
                connection.close()

    @database_retry("sweep")
    def _sweep(self) -> None:
        if orphans := recovery.orphaned_users(BATCH):
            log.info("ORPHANED_RUNS_RECOVERY", total=len(orphans))
        outbox.decide_unknown()
        self._submit("turn", turns.run_turn, users_with_due_turns)
        self._submit("send", outbox.deliver_user, outbox.users_with_due_messages)
        self._submit("profile", enrichment.enrich, enrichment.users_due)
        activity.fold_due(BATCH)

    def _submit(self, kind: str, work: Callable[[int], object], find: Callable[[int], Iterable[int]]) -> None:
        free = self._places[kind] - sum(under_way == kind for under_way, _ in list(self._under_way))
        for user_id in find(free) if free > 0 else ():
            key = (kind, user_id)
            if key not in self._under_way:
                self._under_way.add(key)
                self._pool.submit(partial(self._work, key, work))

    def _work(self, key: tuple[str, int], work: Callable[[int], object]) -> None:
        try:
            work(key[1])
        except Exception:
            log.exception("SWEEPER_WORK_FAILED", kind=key[0], user_id=key[1])
        finally:
            connection.close()
            self._under_way.discard(key)
