"""A fold and a commit at the same time: the run is folded by one of the next, never lost, never twice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from conversations.llm.base import Usage
from conversations.models import Run, Thread
from conversations.services import activity, usage
from tests.conversations.builders import make_channel, receive
from tests.conversations.services.test_activity import commit_run, open_thread
from tests.processes import wait_until


@pytest.fixture(autouse=True)
def _due_at_once(transactional_db: None, settings: Settings) -> None:
    settings.ACTIVITY_DELAY_SECONDS = 0


class Elsewhere:
    """Work in a thread with a connection of its own; `step` lets it go on to its next pause."""

    def __init__(self, work: Any) -> None:
        self._go = threading.Event()
        self.has_paused = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Any) -> None:
        try:
            work(self)
        finally:
            connection.close()

    def pause(self) -> None:
        self.has_paused.set()
        assert self._go.wait(15)

    def finish(self) -> None:
        self._go.set()
        self._thread.join()


def commit_elsewhere(thread: Thread, tokens: int) -> None:
    commit_run(thread, tokens)
    connection.close()


def waiting_backends() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return int(cursor.fetchone()[0])


def test_a_commit_under_way_is_left_to_the_next_fold() -> None:
    thread = open_thread(receive(make_channel(), "hola"))
    commit_run(thread, 150)

    def commit_slowly(elsewhere: Elsewhere) -> None:
        with transaction.atomic():
            run = usage.begin_run(thread, epoch=2)
            usage.complete_run(run, provider="openai", model="m", usage=Usage(input_tokens=30))
            elsewhere.pause()

    committing = Elsewhere(commit_slowly)
    assert committing.has_paused.wait(15)
    assert activity.fold_due(10) == 0
    committing.finish()

    assert activity.fold_due(10) == 1
    thread.refresh_from_db()
    assert thread.token_count == 180


def test_a_commit_that_meets_a_fold_makes_the_next_one_due() -> None:
    thread = open_thread(receive(make_channel(), "hola"))
    commit_run(thread, 150)

    def fold_slowly(elsewhere: Elsewhere) -> None:
        with transaction.atomic():
            assert activity.fold_due(10) == 1
            elsewhere.pause()

    folding = Elsewhere(fold_slowly)
    assert folding.has_paused.wait(15)
    committing = threading.Thread(target=commit_elsewhere, args=(thread, 30))
    committing.start()
    wait_until(lambda: waiting_backends() == 1)
    folding.finish()
    committing.join()

    assert activity.fold_due(10) == 1
    thread.refresh_from_db()
    assert thread.token_count == 180
    assert not Run.objects.filter(folded_at=None).exists()


@pytest.fixture
def paused_clock(transactional_db: None) -> Iterator[None]:
    """A clock in the schema "paused" that stands still while somebody holds the advisory lock 77."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE SCHEMA paused;
            CREATE FUNCTION paused.statement_timestamp() RETURNS timestamptz VOLATILE LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN pg_catalog.statement_timestamp(); END'
        """)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA paused CASCADE")


@contextmanager
def clock_held() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(77)")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(77)")


def fold_by_the_paused_clock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = paused, public, pg_catalog")
    activity.fold_due(10)
    connection.close()


def test_a_run_that_the_fold_could_not_see_keeps_its_thread_due(paused_clock: None) -> None:
    """A fold that began before a commit, and reaches the thread after it, must leave the thread alone."""
    thread = open_thread(receive(make_channel(), "hola"))
    commit_run(thread, 150)
    with clock_held():
        folding = threading.Thread(target=fold_by_the_paused_clock)
        folding.start()
        wait_until(lambda: waiting_backends() == 1)
        committing = threading.Thread(target=commit_elsewhere, args=(thread, 30))
        committing.start()
        committing.join()
    folding.join()

    thread.refresh_from_db()
    assert (thread.token_count, thread.activity_due_at is None) == (0, False)
    assert activity.fold_due(10) == 1
    thread.refresh_from_db()
    assert thread.token_count == 180
