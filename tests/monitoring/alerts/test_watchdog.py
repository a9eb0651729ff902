"""What cannot be told through Postgres is e-mailed at once, by one process, and so is its end."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from monitoring.models import Watch
from monitoring.watch.marks import mark_clear, mark_set
from monitoring.watch.watchdog import Watchdog
from tests.fakes.smtp import FakeSmtp
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_marks(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.VAR_DIR = tmp_path
    settings.LANGUAGE_CODE = "en"
    for name in ("database_down", "not_evaluated", "test"):
        mark_clear(name)
    yield
    for name in ("database_down", "not_evaluated", "test"):
        mark_clear(name)


@pytest.fixture
def mail(settings: Settings) -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.ALERT_EMAILS = ["ops@shop.example"]
        yield server


class Postgres:
    """The way to the database: open, or leading to a port where nobody listens."""

    def __init__(self) -> None:
        self._connection = connections["default"]
        self._port = self._connection.settings_dict["PORT"]

    def stop(self) -> None:
        self._connection.close()
        self._connection.settings_dict["PORT"] = "1"

    def start(self) -> None:
        self._connection.settings_dict["PORT"] = self._port
        self._connection.close()


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    way = Postgres()
    yield way
    way.start()


def evaluated(seconds_ago: float) -> None:
    Watch.objects.update(evaluated_at=timezone.now() - timedelta(seconds=seconds_ago))


def test_postgres_down_is_mailed_once_by_all_processes_and_so_is_its_end(
    mail: FakeSmtp, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    evaluated(0)
    processes = [Watchdog(away_seconds=0) for _ in range(4)]
    for process in processes:
        process.look()
    postgres.stop()
    for process in processes * 3:
        process.look()
    assert mail.subjects == ["[CRITICAL] PostgreSQL does not answer"]
    assert caplog.text.count("ALERT_DATABASE_DOWN") == len(processes)

    postgres.start()
    for process in processes * 3:
        process.look()
    assert mail.subjects[1:] == ["[RESOLVED] PostgreSQL does not answer"]


def test_a_short_outage_is_not_worth_a_mail(mail: FakeSmtp, postgres: Postgres) -> None:
    process = Watchdog(away_seconds=30)
    postgres.stop()
    process.look()
    process.look()

    assert mail.messages == []


def test_without_redis_too_one_process_of_the_host_writes(
    mail: FakeSmtp, postgres: Postgres, settings: Settings
) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    processes = [Watchdog(away_seconds=0) for _ in range(3)]
    postgres.stop()
    for process in processes * 2:
        process.look()
    assert len(mail.messages) == 1

    postgres.start()
    evaluated(0)
    for process in processes:
        process.look()
    assert mail.subjects[1:] == ["[RESOLVED] PostgreSQL does not answer"]


def test_a_mail_that_did_not_go_out_is_tried_again(mail: FakeSmtp, postgres: Postgres) -> None:
    process = Watchdog(away_seconds=0)
    postgres.stop()
    mail.refusing = True
    process.look()
    mail.refusing = False
    process.look()
    process.look()

    assert len(mail.messages) == 1


def test_that_nobody_evaluates_is_mailed(mail: FakeSmtp) -> None:
    evaluated(61)
    process = Watchdog(silent_seconds=0.2)
    process.look()
    assert mail.messages == [], "somebody has to be elected first"
    time.sleep(0.3)  # longer than it is patient
    process.look()
    assert mail.subjects == ["[CRITICAL] Nothing evaluates the alert rules"]

    Watch.objects.update(evaluated_at=timezone.now() + timedelta(minutes=1))
    process.look()
    assert mail.subjects[1:] == ["[RESOLVED] Nothing evaluates the alert rules"]


def test_a_process_that_began_later_tells_of_the_end(mail: FakeSmtp, postgres: Postgres) -> None:
    first = Watchdog(away_seconds=0)
    postgres.stop()
    first.look()
    postgres.start()
    evaluated(0)
    Watchdog().look()

    assert mail.subjects[1:] == ["[RESOLVED] PostgreSQL does not answer"]


def test_without_addresses_the_log_tells(
    postgres: Postgres, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALERT_EMAILS = []
    process = Watchdog(away_seconds=0)
    postgres.stop()
    process.look()

    assert "ALERT_DATABASE_DOWN" in caplog.text


def test_a_mark_runs_out(settings: Settings) -> None:
    for caches in (
        settings.CACHES,
        {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}},
    ):
        settings.CACHES = caches
        assert mark_set("test", seconds=0.2)
        assert not mark_set("test", seconds=0.2)
        wait_until(lambda: mark_set("test", seconds=0.2))
        mark_clear("test")
