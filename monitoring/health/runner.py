"""Running the checks that are due, each with a deadline of its own, and keeping what they find.

A look that hangs is reported as such and not begun again before it has ended: none blocks another, and
nothing piles up.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from botsite.postgres.bound import bound
from botsite.telemetry.logging import get_logger
from monitoring.health.findings import Check, Finding
from monitoring.health.table import checks, standing
from monitoring.models import Status
from monitoring.services.health_store import checks_forget_others, findings_store

ROUND_SECONDS = 2.0
"""A round waits for so long; what has not ended by then is seen to in the next."""
TABLE_SECONDS = 30.0
"""A new channel is looked at after so long."""
EARLY_SECONDS = 1.0
"""Rounds do not come to the millisecond: what is due so soon is done in this one, not a whole round later."""
ASKING_THREADS = 4
KEPT_ROUNDS = 720
"""What was found while it could not be stored: about an hour."""

log = get_logger("health")


@dataclass(slots=True)
class _Look:
    """A look under way. `began` None: it waits for a thread. `reported_at`: when it was called hanging."""

    check: Check
    future: "Future[Finding] | None" = None
    began: float | None = None
    reported_at: float | None = None

    def run(self) -> Finding:
        self.began = time.monotonic()
        try:
            with bound.favoured():
                return self.check.look()
        except DatabaseError:
            return Finding(Status.UNKNOWN, _("the database did not answer"))
        except Exception:
            log.exception("HEALTH_CHECK_FAILED", check=self.check.name)
            return Finding(Status.UNKNOWN, _("the check itself failed: see the log"))
        finally:
            connection.close()

    def hangs(self, now: float) -> bool:
        """Whether to report that it has not answered: at its deadline, and once a period after that."""
        if self.began is None or now - self.began < self.check.deadline:
            return False
        return self.reported_at is None or now - self.reported_at >= self.check.period


@dataclass(slots=True)
class Runner:
    """The checks of one process. Only one thread calls it."""

    list_checks: Callable[[], list[Check]] = checks
    _checks: dict[str, Check] = field(default_factory=dict)
    _listed_at: float = float("-inf")
    _due_at: dict[str, float] = field(default_factory=dict)
    _under_way: dict[str, _Look] = field(default_factory=dict)
    _unsaved: "deque[tuple[datetime, dict[str, Finding]]]" = field(
        default_factory=lambda: deque(maxlen=KEPT_ROUNDS)
    )
    _asking: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(ASKING_THREADS, thread_name_prefix="health")
    )
    _reading: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="health-database")
    )

    def round(self) -> dict[str, int]:
        """Begin what is due, wait ROUND_SECONDS at the most, store what was found. Never raises."""
        self._list()
        begun = [self._begin(check) for check in self._checks.values() if self._is_due(check)]
        wait([look.future for look in self._under_way.values() if look.future], timeout=ROUND_SECONDS)
        found = self._harvest()
        return {"begun": len(begun), "found": len(found), "changed": self._store(found)}

    def stop(self) -> None:
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._reading.shutdown(wait=False, cancel_futures=True)

    def _list(self) -> None:
        """Learn what there is to look at; without the database what was known stays."""
        now = time.monotonic()
        if now - self._listed_at < TABLE_SECONDS:
            return
        try:
            self._checks = {check.name: check for check in self.list_checks()}
            checks_forget_others(self._checks)
            self._listed_at = now
        except Exception as error:
            log.warning("HEALTH_CHECKS_NOT_LISTED", error=type(error).__name__, fallback="those known")
            self._checks = self._checks or {check.name: check for check in standing()}

    def _is_due(self, check: Check) -> bool:
        is_free = check.name not in self._under_way
        return is_free and time.monotonic() + EARLY_SECONDS >= self._due_at.get(check.name, float("-inf"))

    def _begin(self, check: Check) -> _Look:
        look = self._under_way[check.name] = _Look(check)
        self._due_at[check.name] = time.monotonic() + check.period
        pool = self._reading if check.reads_database else self._asking
        look.future = pool.submit(look.run)
        return look

    def _harvest(self) -> dict[str, Finding]:
        found = {}
        now = time.monotonic()
        for name, look in list(self._under_way.items()):
            if look.future is not None and look.future.done():
                del self._under_way[name]
                if look.reported_at is None:  # else its answer came too late
                    found[name] = look.future.result()
            elif look.hangs(now):
                look.reported_at = now
                seconds = round(look.check.deadline)
                found[name] = Finding(Status.DOWN, _("no answer within %(seconds)s s"), {"seconds": seconds})
        return {name: finding for name, finding in found.items() if name in self._checks}

    def _store(self, found: dict[str, Finding]) -> int:
        """Store what was found, and before it what could not be stored till now."""
        if found:
            self._unsaved.append((timezone.now(), found))
        changed = 0
        try:
            while self._unsaved:
                moment, findings = self._unsaved[0]
                changed += findings_store(findings, periods=self._periods(findings), moment=moment)
                self._unsaved.popleft()
        except DatabaseError as error:
            log.warning("HEALTH_NOT_STORED", error=type(error).__name__, rounds=len(self._unsaved))
        return changed

    def _periods(self, findings: Mapping[str, Finding]) -> dict[str, float]:
        return {name: self._checks[name].period if name in self._checks else 0.0 for name in findings}


@lru_cache(maxsize=1)
def _runner() -> Runner:
    return Runner()


def run_due_checks() -> dict[str, int]:
    """Look at what is due; call it every few seconds, in one process of all, from one thread.

    It takes about two seconds at the most, beside a slow database. It goes on while the database is away:
    what is found then is stored afterwards. Returns how many looks began, ended, and found another status.
    """
    return _runner().round()
