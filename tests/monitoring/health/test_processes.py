"""Workers and beat: real processes that live, end and are killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site_settings
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from monitoring.health.checks import processes
from monitoring.models import ProcessHeartbeat, ProcessKind, Status
from monitoring.services import heartbeats
from monitoring.services.heartbeats import heartbeat, heartbeat_end
from tests.processes import database_url_of_tests, kill_and_wait, wait_until

SHORT = 1.5
"""Seconds of silence that count, in place of the 20 and 45 of the site."""
DEADLINE = 120.0


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SILENT_SECONDS", SHORT)
    monkeypatch.setattr(processes, "BEAT_SILENT_SECONDS", SHORT)
    monkeypatch.setattr(heartbeats, "_process", None)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has been heard for long enough to judge others."""
    monkeypatch.setattr(processes, "heard_seconds", lambda: 1000.0)


@contextmanager
def running(*words: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=site_settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url_of_tests()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def beat(folder: Path) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    return running("-m", "celery", "-A", "botsite", "beat", "--pidfile=", f"--schedule={folder / 'schedule'}")


def is_there(kind: ProcessKind, process: "subprocess.Popen[bytes]") -> bool:
    return ProcessHeartbeat.objects.filter(kind=kind, pid=process.pid).exists()


def row(kind: ProcessKind, *, silent: float, age: float = 3600, pid: int = 1) -> None:
    """A process that was started `age` seconds ago and has been silent for `silent`."""
    ProcessHeartbeat.objects.create(
        kind=kind,
        host="here",
        pid=pid,
        started_at=timezone.now() - timedelta(seconds=age),
        seen_at=timezone.now() - timedelta(seconds=silent),
    )


def both_have_outlived_the_start() -> bool:
    """Whether each of two was heard after both had started: neither can pass for the other's successor."""
    rows = list(ProcessHeartbeat.objects.all())
    return len(rows) == 2 and min(row.seen_at for row in rows) > max(row.started_at for row in rows)


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_is_seen(heard: None) -> None:
    with running("-m", "tests.monitoring.health.beating_process") as worker:
        wait_until(lambda: processes.look_at_workers().status is Status.UP, seconds=DEADLINE)
        kill_and_wait(worker.pid)
        wait_until(lambda: processes.look_at_workers().status is Status.DOWN)

    assert is_there(ProcessKind.WORKER, worker)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_is_killed_and_replaced(heard: None) -> None:
    words = ("-m", "tests.monitoring.health.beating_process")
    with running(*words) as first, running(*words):
        wait_until(both_have_outlived_the_start, seconds=DEADLINE)
        kill_and_wait(first.pid)
        wait_until(lambda: processes.look_at_workers().status is Status.DEGRADED)
        with running(*words):
            wait_until(lambda: processes.look_at_workers().status is Status.UP, seconds=DEADLINE)


@pytest.mark.django_db(transaction=True)
def test_beat_is_alive_and_a_killed_one_is_seen(tmp_path: Path, heard: None) -> None:
    with beat(tmp_path) as process:
        wait_until(lambda: is_there(ProcessKind.BEAT, process), seconds=DEADLINE)
        assert processes.look_at_beat().status is Status.UP
        kill_and_wait(process.pid)
        wait_until(lambda: processes.look_at_beat().status is Status.DOWN)

    assert is_there(ProcessKind.BEAT, process)


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_ends_properly_takes_its_heartbeat_away(tmp_path: Path) -> None:
    with beat(tmp_path) as process:
        wait_until(lambda: is_there(ProcessKind.BEAT, process), seconds=DEADLINE)
        process.terminate()
        process.wait(timeout=20)

    assert not is_there(ProcessKind.BEAT, process)


@pytest.mark.django_db
def test_who_is_not_heard_itself_does_not_blame_others() -> None:
    row(ProcessKind.WORKER, silent=100)

    assert processes.look_at_workers().status is Status.UNKNOWN
    heartbeat("web")
    assert processes.look_at_workers().status is Status.UNKNOWN
    wait_until(lambda: processes.look_at_workers().status is Status.DOWN, seconds=2 * SHORT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], Status.DOWN),
        ([(100, 3600)], Status.DOWN),
        ([(0, 3600)], Status.UP),
        ([(100, 3600), (0, 3600)], Status.DEGRADED),
        ([(100, 3600), (0, 50)], Status.UP),  # the other one was started in its place
        ([(100, 3600), (100, 3600), (0, 50)], Status.DEGRADED),
        ([(100, 3600), (90, 3600), (0, 50), (0, 50)], Status.UP),
        ([(10, 3600), (0, 50)], Status.DEGRADED),  # the other one was there before
    ],
)
def test_who_went_silent_counts_until_another_takes_its_place(
    heard: None, rows: list[tuple[float, float]], status: Status
) -> None:
    for pid, (silent, age) in enumerate(rows):
        row(ProcessKind.WORKER, silent=silent, age=age, pid=pid)

    assert processes.look_at_workers().status is status


@pytest.mark.django_db
def test_a_heartbeat_measures_its_process_and_machine() -> None:
    heartbeat("web")
    heartbeat("web")

    [found] = ProcessHeartbeat.objects.all()
    assert (found.kind, found.pid) == ("web", os.getpid())
    assert found.rss_bytes is not None
    assert 20 * 2**20 < found.rss_bytes < 2**32
    assert found.memory_percent is not None
    assert 0 < found.memory_percent <= 100
    assert found.disk_percent is not None
    assert 0 < found.disk_percent <= 100
    heartbeat_end()
    assert not ProcessHeartbeat.objects.exists()


@pytest.mark.django_db
def test_rows_of_the_dead_are_dropped_after_an_hour(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    row(ProcessKind.WORKER, silent=3601)
    row(ProcessKind.WORKER, silent=3500, pid=2)

    with django_assert_num_queries(2):
        heartbeat("web")

    assert set(ProcessHeartbeat.objects.values_list("kind", "pid")) == {("worker", 2), ("web", os.getpid())}
    assert not ProcessHeartbeat.objects.filter(seen_at__gt=Now()).exists()


Looks = Callable[[], object]


@pytest.mark.django_db
@pytest.mark.parametrize("look", [processes.look_at_workers, processes.look_at_beat])
def test_a_look_is_one_query(look: Looks, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for pid in range(20):
        row(ProcessKind.WORKER, silent=pid, pid=pid)

    with django_assert_num_queries(1):
        look()
