"""The thread that watches: who is elected, and jobs that hang or fail."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from monitoring.models import Watch
from monitoring.watch.election import LEASE_SECONDS, Election
from monitoring.watch.jobs import Job
from monitoring.watch.monitor import Monitor
from tests.processes import database_url_of_tests, kill_and_wait, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
PROCESS = """
import django, threading; django.setup()
from monitoring.watch.jobs import Job
from monitoring.watch.monitor import Monitor
Monitor([Job("nothing", 1, int, elected=True)]).start()
print("ready", flush=True); input()
"""


def election() -> Election:
    return Election(seconds=0.9)


@contextmanager
def running(*jobs: Job) -> Iterator[Monitor]:
    monitor = Monitor(jobs, election=election())
    monitor.start()
    try:
        yield monitor
    finally:
        monitor.stop()


class Calls:
    """A job's function that counts, and does what it is told."""

    def __init__(self) -> None:
        self.count = 0
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.count += 1
        if self.error:
            raise self.error
        self.open.wait(20)


def test_one_is_elected_and_does_what_one_does_for_all() -> None:
    mine, theirs, everywhere = Calls(), Calls(), Calls()
    with running(Job("one", 0.1, mine, elected=True), Job("all", 0.1, everywhere, elected=False)) as first:
        wait_until(lambda: first.is_elected and mine.count)
        with running(Job("one", 0.1, theirs, elected=True), Job("all", 0.1, everywhere, elected=False)):
            before = everywhere.count
            wait_until(lambda: mine.count > 6 and everywhere.count > before + 6)
            assert theirs.count == 0
    wait_until(lambda: Watch.objects.get().lease_until is None)


def test_who_stops_leaves_it_to_the_next_at_once() -> None:
    first, second = election(), election()
    assert first.stand()
    assert not second.stand()
    first.step_down()
    assert second.stand()
    assert not first.stand()


def test_who_was_stopped_for_too_long_has_lost_it() -> None:
    first, second = election(), election()
    assert first.stand()
    wait_until(second.stand)

    assert not first.stand()


def test_a_job_that_fails_is_tried_again_and_keeps_no_other() -> None:
    bad, good = Calls(), Calls()
    bad.error = ValueError("a fault")
    with running(Job("bad", 0.1, bad, elected=False), Job("good", 0.1, good, elected=False)):
        wait_until(lambda: bad.count > 2 and good.count > 2)


def test_a_job_that_hangs_keeps_no_other_and_gives_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hanging, good, spare = Calls(), Calls(), Calls()
    hanging.open.clear()
    with running(
        Job("hanging", 0.1, hanging, elected=True, deadline=0.5), Job("good", 0.1, good, elected=False)
    ) as first:
        wait_until(lambda: first.is_elected and hanging.count == 1)
        with running(Job("hanging", 0.1, spare, elected=True)) as second:
            wait_until(lambda: second.is_elected and spare.count)
            before = good.count
            wait_until(lambda: good.count > before + 2)
            assert not first.is_elected
            assert hanging.count == 1
            hanging.open.set()
    assert "MONITOR_JOB_HANGS" in caplog.text


def test_what_survives_goes_on_where_it_was_done_last_while_nobody_can_be_elected() -> None:
    survivor, other, elsewhere = Calls(), Calls(), Calls()
    with (
        running(
            Job("survivor", 0.1, survivor, elected=True, survives=True),
            Job("other", 0.1, other, elected=True),
        ) as first,
        running(Job("survivor", 0.1, elsewhere, elected=True, survives=True)) as second,
    ):
        wait_until(lambda: survivor.count or elsewhere.count)
        mine, idle = (survivor, elsewhere) if first.is_elected else (elsewhere, survivor)
        with without_elections():
            wait_until(lambda: not (first.is_elected or second.is_elected))
            before, others = mine.count, other.count
            wait_until(lambda: mine.count > before + 3)
            assert idle.count == 0
            assert other.count <= others + 1  # one may just have begun


@contextmanager
def without_elections() -> Iterator[None]:
    """Every question after the lease fails, as it does while Postgres is away."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitoring_watch RENAME TO monitoring_watch_away")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE monitoring_watch_away RENAME TO monitoring_watch")


def test_connections_are_given_back_between_runs() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    with running(Job("ask", 0.1, ask, elected=False)) as monitor:
        wait_until(lambda: monitor.is_elected)
        wait_until(lambda: _others() == 0)


def _others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = 'botsite' AND state = 'idle'"
            " AND query LIKE '%%monitoring_watch%%'"
        )
        return int(cursor.fetchone()[0])


def start() -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "DATABASE_URL": database_url_of_tests(),
        "DJANGO_SETTINGS_MODULE": "botsite.settings",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_of_real_processes_another_takes_over_when_one_is_killed() -> None:
    """In real time, with the lease as shipped."""
    processes = [start() for _ in range(3)]
    by_pid = {process.pid: process for process in processes}
    try:
        wait_until(lambda: _holder() in by_pid)
        killed = _holder()
        began = time.monotonic()
        kill_and_wait(killed)
        wait_until(lambda: _holder() in by_pid.keys() - {killed}, seconds=LEASE_SECONDS + 8)
        assert time.monotonic() - began < 17
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _holder() -> int:
    return int(Watch.objects.get().holder.rpartition(":")[2] or 0)
