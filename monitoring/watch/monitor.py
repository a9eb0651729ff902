"""The thread "monitor" of every web and worker process: it starts each job of the table when it is due.

Every run has a thread of its own, so that one that hangs or fails is that job's affair alone. Elected jobs
run where the lease is held; a process whose elected job hangs gives it up until that run has ended. Those
that survive an outage of Postgres go on where they ran last.
"""

import threading
import time
from collections.abc import Sequence

from django.db import Error as DatabaseError
from django.db import connection

from botsite.postgres.bound import bound
from botsite.telemetry.logging import get_logger
from monitoring.watch.election import Election
from monitoring.watch.jobs import Job

TICK_SECONDS = 0.5
STOP_SECONDS = 3.0

log = get_logger("monitor")


class Run:
    """A job, when it is due, and the run of it that is under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._due = 0.0
        self._began = 0.0
        self._told = False
        self._thread: threading.Thread | None = None

    @property
    def is_under_way(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def hangs(self) -> bool:
        return self.is_under_way and time.monotonic() - self._began > self.job.deadline

    def tell_if_it_hangs(self) -> None:
        """Log it, once for each run."""
        if self.hangs and not self._told:
            self._told = True
            seconds = round(time.monotonic() - self._began)
            log.error("MONITOR_JOB_HANGS", operation=self.job.name, seconds=seconds)

    def start_if_due(self) -> None:
        now = time.monotonic()
        if self.is_under_way or now < self._due:
            return
        self._due, self._began, self._told = now + self.job.seconds, now, False
        self._thread = threading.Thread(target=self._run, name=f"monitor-{self.job.name}", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            with bound.favoured():
                self.job.function()
        except DatabaseError as error:
            log.warning("MONITOR_JOB_FAILED", operation=self.job.name, error=type(error).__name__)
        except Exception:
            log.exception("MONITOR_JOB_FAILED", operation=self.job.name)
        finally:
            connection.close()


class Monitor:
    """Works from `start` to `stop`; one in a process."""

    def __init__(
        self, jobs: Sequence[Job], *, election: Election | None = None, reserved_connections: int = 0
    ) -> None:
        self._reserved = reserved_connections
        self._runs = [Run(job) for job in jobs]
        self._election = election or Election()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)
        self.is_elected = False
        self._was_elected = False

    def start(self) -> None:
        bound.reserve(self._reserved)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, give the lease back, and wait a moment for what is under way."""
        self._stopped.set()
        deadline = time.monotonic() + STOP_SECONDS
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        for run in self._runs:
            run.join(max(deadline - time.monotonic(), 0))
        bound.reserve(0)

    def _watch(self) -> None:
        stands_at = 0.0
        while not self._stopped.wait(TICK_SECONDS):
            if time.monotonic() >= stands_at:
                stands_at = time.monotonic() + self._election.every
                self._stand()
            for run in self._runs:
                run.tell_if_it_hangs()
                if self._is_for_this_process(run.job):
                    run.start_if_due()
        self._step_down()

    def _is_for_this_process(self, job: Job) -> bool:
        return self.is_elected or not job.elected or (job.survives and self._was_elected)

    def _stand(self) -> None:
        """Without Postgres nobody knows who is elected, so nobody is."""
        if any(run.job.elected and run.hangs for run in self._runs):
            self._step_down()
            return
        try:
            with bound.favoured():
                self.is_elected = self._was_elected = self._election.stand()
        except DatabaseError as error:
            self.is_elected = False
            log.warning("MONITOR_ELECTION_FAILED", error=type(error).__name__, fallback="the next one")
        finally:
            connection.close()

    def _step_down(self) -> None:
        self.is_elected = self._was_elected = False
        try:
            self._election.step_down()
        except DatabaseError as error:
            log.warning("MONITOR_ELECTION_FAILED", error=type(error).__name__, fallback="the lease runs out")
        finally:
            connection.close()
