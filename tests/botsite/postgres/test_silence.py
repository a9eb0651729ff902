"""A database that says nothing is noticed in time, on a new connection and in the middle of a statement."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from botsite.postgres.waiting import REST_SECONDS
from conversations.models import Message
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.test_webhooks import post
from tests.fakes import webhooks
from tests.faults.proxy import TcpProxy

NOTICED_SECONDS = 5.0


@contextmanager
def noticed_in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < NOTICED_SECONDS


def ask() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return int(cursor.fetchone()[0])


def seconds_until_refused() -> float:
    """Ask on a connection of this thread's own, in vain."""
    started = time.monotonic()
    with pytest.raises(OperationalError, match="did not answer"):
        ask()
    return time.monotonic() - started


def close_own() -> None:
    connection.close()  # of the thread that calls


@pytest.fixture
def shop(database_proxy: TcpProxy) -> Channel:
    return make_channel()


def hello() -> bytes:
    change = webhooks.cloud_api_change(
        phone_number_id="1001", messages=[webhooks.text_message("hola", sender="573000000001")]
    )
    return webhooks.cloud_api_envelope(change)


def test_a_connection_that_is_not_answered(database_proxy: TcpProxy) -> None:
    database_proxy.set_mode("hang")

    with noticed_in_time(), pytest.raises(OperationalError, match="did not answer"):
        ask()


def test_a_statement_that_is_not_answered_ends_its_connection(database_proxy: TcpProxy) -> None:
    assert ask() == 1
    database_proxy.set_mode("hang")

    with noticed_in_time():
        with pytest.raises(OperationalError, match="did not answer"), transaction.atomic():
            ask()
        with pytest.raises(OperationalError, match="a moment ago"):
            ask()

    assert connection.connection is None


def test_a_webhook_with_an_open_connection_is_refused_in_time_and_stored_later(
    client: Client, database_proxy: TcpProxy, shop: Channel
) -> None:
    body = hello()
    assert post(client, webhooks.cloud_api_envelope()).status_code == 200
    database_proxy.set_mode("hang")

    with noticed_in_time():
        assert post(client, body).status_code == 503

    database_proxy.set_mode("pass")
    deadline = time.monotonic() + 10
    while post(client, body).status_code != 200:  # the silence is respected for a moment
        assert time.monotonic() < deadline
    assert Message.objects.filter(text="hola").count() == 1


def test_a_webhook_without_a_connection_is_refused_in_time(
    client: Client, database_proxy: TcpProxy, shop: Channel
) -> None:
    assert post(client, webhooks.cloud_api_envelope()).status_code == 200
    connection.close()
    database_proxy.set_mode("hang")

    with noticed_in_time():
        assert post(client, hello()).status_code == 503


def test_after_a_silence_the_next_requests_do_not_wait(
    client: Client, database_proxy: TcpProxy, shop: Channel
) -> None:
    post(client, webhooks.cloud_api_envelope())
    connection.close()
    database_proxy.set_mode("hang")
    post(client, hello())
    started = time.monotonic()

    assert post(client, hello()).status_code == 503
    assert time.monotonic() - started < 1


def test_after_a_rest_one_thread_finds_out_and_the_others_do_not_wait(database_proxy: TcpProxy) -> None:
    database_proxy.set_mode("hang")
    with pytest.raises(OperationalError):
        ask()
    time.sleep(REST_SECONDS + 0.1)

    with ThreadPoolExecutor(8) as threads:
        seconds = sorted(threads.map(lambda _: seconds_until_refused(), range(8)))

    assert seconds[-2] < 1 < seconds[-1] < NOTICED_SECONDS
    database_proxy.set_mode("pass")
    time.sleep(REST_SECONDS + 0.1)
    assert ask() == 1


def test_any_answer_ends_a_silence(database_proxy: TcpProxy) -> None:
    with ThreadPoolExecutor(1) as other:
        assert other.submit(ask).result() == 1
        database_proxy.set_mode("hang")
        with pytest.raises(OperationalError):
            ask()
        database_proxy.set_mode("pass")

        assert other.submit(ask).result() == 1
        assert ask() == 1
        other.submit(close_own).result()


def test_the_server_gives_up_before_we_do(transactional_db: None, serving: None) -> None:
    with pytest.raises(OperationalError, match="statement timeout"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(10)")

    assert ask() == 1


def test_what_the_address_says_about_timeouts_wins(transactional_db: None, serving: None) -> None:
    options = connection.settings_dict["OPTIONS"]
    before = options.get("options", "")
    options["options"] = f"{before} -c statement_timeout=1234ms"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone()[0] == "1234ms"
    finally:
        options["options"] = before


def test_a_command_may_take_its_time(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"
