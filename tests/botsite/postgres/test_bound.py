"""A process has so many connections and no more, however its threads end."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from botsite.postgres import bound as module
from botsite.postgres.bound import bound
from tests.recording import RecordedMetrics

pytestmark = pytest.mark.django_db(transaction=True)


def ask() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_thread_too_many_waits_and_fails_with_the_reason(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, recorded: RecordedMetrics
) -> None:
    connection.close()
    settings.DATABASE_CONNECTIONS = bound.count() + 2
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    both, done = threading.Barrier(3), threading.Event()

    def hold() -> None:
        ask()
        both.wait()
        done.wait()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(hold) for _ in range(2)]
        try:
            both.wait(10)
            with pytest.raises(OperationalError, match="connections of this process are in use"):
                ask()
        finally:
            done.set()
        for each in held:
            each.result()
    ask()

    assert recorded.total("db_errors_total", "connect") == 1


def test_reserved_places_are_for_the_favoured(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    settings.DATABASE_CONNECTIONS = bound.count() + 1
    bound.reserve(1)
    try:
        if bound.count():  # else one place is left for everybody
            with pytest.raises(OperationalError, match="in use"):
                ask()
        with bound.favoured():
            ask()
    finally:
        bound.reserve(0)
    connection.close()
    ask()


def test_many_threads_share_few_connections(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setattr(module, "WAIT_SECONDS", 30.0)
    settings.DATABASE_CONNECTIONS = bound.count() + 3
    most: list[int] = []

    def work(_number: int) -> None:
        ask()
        most.append(bound.count())
        connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(60)))

    assert len(most) == 60
    assert max(most) <= settings.DATABASE_CONNECTIONS


def test_a_connection_whose_thread_ended_makes_room(settings: Settings) -> None:
    connection.close()
    settings.DATABASE_CONNECTIONS = bound.count() + 1
    thread = threading.Thread(target=ask)  # and closes nothing
    thread.start()
    thread.join()

    ask()


def test_statements_are_counted_by_their_verb(recorded: RecordedMetrics) -> None:
    ask()

    assert recorded.total("db_operations_total", "select") == 1


def test_what_the_database_fails_is_counted(recorded: RecordedMetrics) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
        with pytest.raises(OperationalError):
            cursor.execute("SELECT pg_sleep(5)")
    connection.close()

    assert recorded.total("db_errors_total", "select") == 1
