"""Whether a session is active: from which level, with which age, and never by guessing."""

import json
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from botsite import caching
from botsite.caching import process, shared
from sessions_app.models import Channel, Device
from sessions_app.services.device_info import device_info
from sessions_app.services.device_state import DeviceState, Source, device_state, is_active
from tests.processes import wait_until
from tests.sessions_app.gateway import FakeGateway
from tests.sessions_app.services.builders import apply, at, code, gateway, status


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    wait_until(caching.is_usable)
    return gateway()


def state(*, max_age: float | None = None) -> DeviceState:
    return device_state("baileys", "s1", max_age=None if max_age is None else timedelta(seconds=max_age))


def test_each_level_answers_and_says_that_it_was_it(channel: Channel) -> None:
    apply(channel, status("active", seconds=3))

    from_database, from_memory = state(), state()
    process.local.clear()
    from_redis = state()

    assert from_database == DeviceState("active", at(3), Source.DATABASE)
    assert from_memory == DeviceState("active", at(3), Source.MEMORY)
    assert from_redis == DeviceState("active", at(3), Source.REDIS)


def test_a_known_state_costs_no_query(channel: Channel) -> None:
    apply(channel, status("active"))
    assert is_active("baileys", "s1") is True

    with CaptureQueriesContext(connection) as captured:
        assert is_active("baileys", "s1") is True
    assert len(captured) == 0


def test_an_event_is_seen_at_once(channel: Channel) -> None:
    assert is_active("baileys", "s1") is None
    apply(channel, code("qr"))
    assert is_active("baileys", "s1") is False
    apply(channel, status("active"))
    assert is_active("baileys", "s1") is True
    apply(channel, status("inactive"))
    assert is_active("baileys", "s1") is False


def test_nobody_is_told_active_when_the_database_does_not_answer(channel: Channel) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions_app_device RENAME TO gone")
    try:
        assert state() == DeviceState("unknown", None, Source.DATABASE)
        assert state().is_active is None
        assert is_active("baileys", "s1") is None
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gone RENAME TO sessions_app_device")


def test_without_redis_the_database_answers(channel: Channel) -> None:
    apply(channel, status("active"))
    process.listener.doubt()

    assert is_active("baileys", "s1") is True


def test_the_gateway_is_asked_when_what_is_known_is_older_than_asked(
    channel: Channel, asked: FakeGateway
) -> None:
    apply(channel, status("active", seconds=0))
    asked.state = "inactive"

    newest = state(max_age=60)

    assert (newest.status, newest.source) == ("inactive", Source.GATEWAY)
    assert newest.as_of is not None
    assert timezone.now() - newest.as_of < timedelta(seconds=15)
    assert state(max_age=60).status == "inactive"
    assert asked.calls == [("session_state", "s1")]  # the second had the first one's answer


def test_what_is_young_enough_asks_nobody(channel: Channel, asked: FakeGateway) -> None:
    apply(channel, status("active"))

    assert state(max_age=3600).status == "active"
    assert asked.calls == []


def test_a_gateway_that_fails_leaves_the_older_knowledge_and_is_left_alone(
    channel: Channel, asked: FakeGateway
) -> None:
    apply(channel, status("active", seconds=0))
    asked.fails = True

    assert state(max_age=60) == DeviceState("active", at(0), Source.DATABASE)
    assert state(max_age=60).as_of == at(0)
    assert len(asked.calls) == 1


def test_a_session_that_only_its_gateway_knows_is_its_word(channel: Channel, asked: FakeGateway) -> None:
    asked.state = "active"

    assert (state(max_age=5).status, state().status) == ("active", "unknown")


def test_a_session_takes_at_most_four_kilobytes_of_redis(channel: Channel, asked: FakeGateway) -> None:
    session = "s" * 128
    apply(channel, status("active", session, seconds=0))
    apply(channel, code("2@" + "x" * 2000, session))
    device_state("baileys", session, max_age=timedelta(seconds=1))
    device_info("baileys", session)
    redis = caches[shared.ALIAS].client.get_client()  # type: ignore[attr-defined]  # django-redis's own
    keys = [key for key in redis.scan_iter() if session.encode() in key]

    layers = {"qr", "status", "connection", "session_info"}
    assert {layer for layer in layers if any(f":{layer}:".encode() in key for key in keys)} == layers
    assert sum(redis.memory_usage(key) for key in keys) <= 4096
    assert not any(b"xxxx" in (redis.get(key) or b"") for key in keys)  # a code is a secret


def test_a_removed_session_is_forgotten(channel: Channel) -> None:
    apply(channel, code("qr"))
    apply(channel, status("active"))
    assert is_active("baileys", "s1")

    Device.objects.get().delete()

    assert is_active("baileys", "s1") is None
    assert apply(channel, code("qr")) == (1, 0)


def test_the_cache_holds_what_another_process_can_read(channel: Channel) -> None:
    apply(channel, status("active", seconds=1))
    state()

    value = caching.get(caching.STATUS, channel="baileys", session="s1")
    assert json.loads(json.dumps(value)) == ["active", at(1).timestamp()]
