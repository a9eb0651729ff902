"""Threads of a process that serves hand their connections on to each other, one thread at a time."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from pytest_django import Settings

from botsite.postgres import idle
from botsite.postgres.bound import bound
from botsite.postgres.limits import limits
from tests.conversations.builders import make_channel
from tests.faults.proxy import TcpProxy
from tests.recording import RecordedMetrics

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("serving")]

Result = TypeVar("Result")


def session() -> int:
    """The server's process behind this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def in_thread(work: Callable[[], Result]) -> Result:
    """What `work` returns in a thread of its own, which closes its connection."""

    def and_close() -> Result:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(and_close).result(20)


def test_what_one_thread_closes_the_next_one_takes(recorded: RecordedMetrics) -> None:
    first = session()
    connection.close()

    assert in_thread(session) == first
    assert session() == first
    assert recorded.total("db_operations_total", "connect") == 1


def test_a_command_closes_what_it_closes() -> None:
    limits.keeps = False
    first = session()
    others = bound.count()
    connection.close()

    assert bound.count() == others - 1
    assert in_thread(session) != first


def test_no_two_threads_ever_have_the_same() -> None:
    held: set[int] = set()
    lock, clashes = threading.Lock(), 0

    def work(_number: int) -> None:
        nonlocal clashes
        mine = session()
        with lock:
            clashes += mine in held
            held.add(mine)
        session()
        with lock:
            held.discard(mine)
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(120)))

    assert clashes == 0


def test_idle_ones_count_and_make_room(settings: Settings) -> None:
    settings.DATABASE_CONNECTIONS = bound.count() + 1
    first = session()
    connection.close()
    assert bound.count() == settings.DATABASE_CONNECTIONS
    at = connection.settings_dict["OPTIONS"]
    before = at.get("application_name")
    at["application_name"] = "another"
    try:
        assert session() != first  # it is not what was asked for: another is opened in its place
    finally:
        at["application_name"] = before
    assert bound.count() == settings.DATABASE_CONNECTIONS


def test_one_that_the_server_has_ended_is_replaced_before_it_is_used(recorded: RecordedMetrics) -> None:
    session()
    doomed = in_thread(session)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [doomed])

    assert in_thread(session) != doomed
    assert recorded.total("db_errors_total", "connect") == 0


def test_a_restarted_server_is_not_noticed(database_proxy: TcpProxy) -> None:
    first = session()
    connection.close()
    database_proxy.set_mode("refuse")
    with pytest.raises(OperationalError):
        session()
    database_proxy.set_mode("pass")

    assert session() != first


def test_a_server_that_hangs_is_noticed_in_time_with_many_idle(database_proxy: TcpProxy) -> None:
    together = threading.Barrier(4)

    def hold() -> None:
        session()
        together.wait(10)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _number: hold(), range(4)))
    database_proxy.set_mode("hang")
    started = time.monotonic()

    with pytest.raises(OperationalError, match="did not answer"):
        session()
    assert time.monotonic() - started < 5


def test_an_old_one_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    first = session()
    connection.close()
    others = bound.count()
    monkeypatch.setattr(idle, "LONGEST_LIFE_SECONDS", 0.0)

    assert session() != first
    connection.close()
    assert bound.count() == others - 1


def test_what_was_left_in_a_transaction_is_not_handed_on() -> None:
    make_channel(slug="kept")
    first = session()
    transaction.set_autocommit(False)
    session()
    connection.close()

    assert session() != first


def test_what_was_closed_in_a_block_is_not_handed_on() -> None:
    first = session()
    with transaction.atomic():
        connection.close()

    assert session() != first


def test_a_broken_rule_is_no_reason_to_close() -> None:
    make_channel(slug="twice")
    first = session()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_channel(slug="twice")
    connection.close()

    assert session() == first


def test_after_an_error_of_the_database_it_is_closed() -> None:
    first = session()
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(10)")
    connection.close()

    assert session() != first


def test_one_with_a_cursor_on_the_server_is_closed() -> None:
    first = session()
    channels = type(make_channel(slug="many")).objects.all()
    next(iter(channels.iterator(chunk_size=1)))
    connection.close()

    assert session() != first


def test_a_forked_child_opens_its_own_and_leaves_its_parents_alone() -> None:
    first = session()
    connection.close()
    child = os.fork()
    if not child:
        try:
            os._exit(0 if session() != first else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    assert session() == first
