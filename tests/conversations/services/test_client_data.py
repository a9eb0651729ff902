"""Client data: a hit asks nobody, a miss asks the database once, a change is seen, an error stops nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from botsite import caching
from botsite.caching import CLIENT_DATA, process
from conversations.models import Thread, UserActivity, UserIdentity, WhatsAppUser
from conversations.services import client_data, inbox, turns
from conversations.services.client_data import MINIMAL, ClientData
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import inbound, outbound_texts, receive, wa_id
from tests.fakes.openai_compatible import FakeOpenAI
from tests.processes import wait_until
from tests.recording import RecordedMetrics

LAST = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.fixture
def ana(live_channel: Channel) -> WhatsAppUser:
    """Ana, with a closed and an open thread; what she wrote is not answered yet."""
    user = receive(live_channel, "hola")
    WhatsAppUser.objects.update(name="Ana", user_name="ana.co", labels=["vip", "Cali"], language="es")
    UserIdentity.objects.create(user=user, channel=live_channel, kind="bsuid", value="CO.123")
    Thread.objects.create(user=user, closed_at=LAST, token_count=900)
    thread = Thread.objects.create(user=user, token_count=40)
    UserActivity.objects.create(user=user, thread=thread, thread_token_count=40, last_activity_at=LAST)
    return user


def parts(user: WhatsAppUser) -> dict[str, int]:
    return {"channel_id": user.channel_id, "user_id": user.pk}


@contextmanager
def unreadable(table: str) -> Iterator[None]:
    """The database fails every statement about `table`."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
        yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE away RENAME TO {table}")


def test_a_miss_is_one_query_and_a_hit_none(
    ana: WhatsAppUser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        data = client_data.get(ana)
    with django_assert_num_queries(0):
        assert client_data.get(ana) == data
    process.local.clear()
    with django_assert_num_queries(0):
        assert client_data.get(ana) == data

    thread = Thread.objects.get(closed_at=None)
    assert data == ClientData(
        name="Ana",
        user_name="ana.co",
        labels=("vip", "Cali"),
        language="es",
        chat_id="573000000001",
        last_activity=LAST,
        thread_id=thread.pk,
        thread_started_at=thread.started_at,
        thread_token_count=40,
    )


def test_a_customer_of_whom_nothing_is_known(
    live_channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    nobody = WhatsAppUser.objects.create(channel=live_channel)

    assert client_data.get(nobody) == MINIMAL
    with django_assert_num_queries(0):
        client_data.get(nobody)


def test_without_a_row_there_are_minimal_data(
    live_channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    missing = WhatsAppUser(pk=999, channel=live_channel)

    assert client_data.get(missing) == MINIMAL
    assert "BD_NO_DATA" in caplog.text
    assert not client_data.has(**parts(missing))


def test_a_failed_read_stops_no_turn(
    ana: WhatsAppUser,
    model: FakeOpenAI,
    caplog: pytest.LogCaptureFixture,
    recorded: RecordedMetrics,
) -> None:
    with unreadable("conversations_useractivity"):
        assert turns.run_turn(ana.pk) == TurnResult.ANSWERED

    assert outbound_texts(ana) == ["re: hola"]
    assert "BD_USER_ERROR" in caplog.text
    assert recorded.total("db_errors_total", "client_data") > 0
    assert client_data.get(ana).name == "Ana"  # what could not be read was not kept


@pytest.mark.parametrize(
    "rubbish",
    [
        None,
        "x",
        [],
        {},
        {"name": "Ana"},
        {**MINIMAL.encoded(), "name": 5},
        {**MINIMAL.encoded(), "labels": None},
        {**MINIMAL.encoded(), "thread_id": "1 OR 1=1"},
        {**MINIMAL.encoded(), "last_activity": "yesterday"},
    ],
)
def test_a_poisoned_value_is_a_miss(ana: WhatsAppUser, rubbish: Any) -> None:
    caching.put(CLIENT_DATA, rubbish, channel=ana.channel_id, user=ana.pk)

    assert client_data.needs_update(ana, name="Ana")
    assert client_data.get(ana).name == "Ana"
    assert not client_data.needs_update(ana, name="Ana")


def test_a_new_profile_name_is_seen_at_once(ana: WhatsAppUser, live_channel: Channel) -> None:
    client_data.get(ana)

    inbox.receive(live_channel, [inbound("soy yo", profile_name="Ana María")])

    assert client_data.get(ana).name == "Ana María"


def test_the_same_profile_name_invalidates_nothing(ana: WhatsAppUser, live_channel: Channel) -> None:
    client_data.get(ana)

    inbox.receive(live_channel, [inbound("soy yo", profile_name="Ana")])

    assert client_data.has(**parts(ana))


def test_a_better_name_to_write_to_is_seen_at_once(live_channel: Channel) -> None:
    names = (wa_id("573000000009"),)
    user = receive(live_channel, "hola", sender="CO.77")
    assert client_data.get(user).chat_id == "CO.77"
    UserIdentity.objects.update(kind="bsuid", canonical="bsuid:CO.77")

    first = UserIdentity.objects.get().as_identity()
    inbox.receive(live_channel, [inbound("otra vez", identities=(first, *names))])

    assert client_data.get(user).chat_id == "573000000009"


def test_a_change_that_is_rolled_back_leaves_the_cache_as_it_was(ana: WhatsAppUser) -> None:
    client_data.get(ana)

    with transaction.atomic():
        client_data.invalidate(**parts(ana))
        assert client_data.has(**parts(ana))
        transaction.set_rollback(True)

    assert client_data.has(**parts(ana))


def test_what_is_cached_needs_an_update_when_it_is_different(ana: WhatsAppUser) -> None:
    assert not client_data.needs_update(ana, name="Eva")  # nothing is cached
    client_data.get(ana)

    assert not client_data.needs_update(ana, name="Ana", labels=("vip", "Cali"))
    assert client_data.needs_update(ana, name="Ana", labels=("vip",))


def test_a_cache_that_cannot_be_asked_is_taken_to_need_an_update(
    ana: WhatsAppUser, caplog: pytest.LogCaptureFixture
) -> None:
    def asked_while_it_is_doubted() -> bool:
        process.listener.doubt()
        return client_data.needs_update(ana, name="Ana")

    wait_until(asked_while_it_is_doubted)
    wait_until(caching.is_usable)  # again, for the tests that follow

    assert "CACHE_NEEDS_UPDATE_ERROR" in caplog.text


def test_refreshing_reads_what_there_is_now(ana: WhatsAppUser) -> None:
    client_data.get(ana)
    WhatsAppUser.objects.update(name="Eva")

    client_data.refresh(**parts(ana))

    assert client_data.has(**parts(ana))
    assert client_data.get(ana).name == "Eva"
