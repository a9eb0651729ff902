"""The two levels as one cache: what is found, who loads, what is forgotten."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.conf import settings
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from botsite import caching
from botsite.caching import process, shared, usage
from botsite.caching.models import PendingInvalidation
from tests.recording import RecordedMetrics

pytestmark = pytest.mark.django_db

CLIENT: dict[str, Any] = {"channel": "shop", "user": "573003913251"}


class Loader:
    """Counts how often it is asked."""

    def __init__(self, value: Any) -> None:
        self.value, self.calls = value, 0

    def __call__(self) -> Any:
        self.calls += 1
        return self.value


def test_a_value_is_loaded_once_and_then_found_in_the_process(recorded: RecordedMetrics) -> None:
    load = Loader({"name": "Ana"})

    for _ in range(3):
        assert caching.get_or_load(caching.CLIENT_DATA, load, **CLIENT) == {"name": "Ana"}

    assert load.calls == 1
    assert recorded.total("cache_requests_total", "client_data", "process", "hit") == 2
    assert recorded.total("cache_requests_total", "client_data", "redis", "miss") == 1


def test_a_value_is_found_in_redis_by_a_process_that_has_not_seen_it(recorded: RecordedMetrics) -> None:
    caching.put(caching.CLIENT_DATA, {"name": "Ana"}, **CLIENT)
    process.local.clear()

    assert caching.get(caching.CLIENT_DATA, **CLIENT) == {"name": "Ana"}
    assert recorded.total("cache_requests_total", "client_data", "redis", "hit") == 1


def test_none_is_a_value() -> None:
    load = Loader(None)

    assert not caching.has(caching.CLIENT_DATA, **CLIENT)
    for _ in range(2):
        assert caching.get_or_load(caching.CLIENT_DATA, load, **CLIENT) is None
    assert load.calls == 1
    assert caching.has(caching.CLIENT_DATA, **CLIENT)


def test_an_invalidated_value_is_loaded_anew() -> None:
    load = Loader(1)
    caching.get_or_load(caching.CLIENT_DATA, load, **CLIENT)
    load.value = 2

    caching.invalidate(caching.CLIENT_DATA, **CLIENT)

    assert caching.get_or_load(caching.CLIENT_DATA, load, **CLIENT) == 2


def test_a_hundred_readers_at_once_cause_one_load() -> None:
    # However long a busy machine takes to start them: who waits too long would load on its own.
    patient = replace(caching.CLIENT_DATA, wait_seconds=60.0, fill_seconds=120.0)
    gate, calls, seen = threading.Event(), [], []

    def load() -> int:
        calls.append(1)
        gate.wait(60)
        return 7

    def read() -> None:
        seen.append(caching.get_or_load(patient, load, **CLIENT))

    readers = [threading.Thread(target=read) for _ in range(100)]
    for reader in readers:
        reader.start()
    gate.set()
    for reader in readers:
        reader.join()

    assert len(calls) == 1
    assert seen == [7] * 100


def test_a_load_that_fails_is_raised_and_leaves_nothing_behind() -> None:
    def fail() -> Any:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            caching.get_or_load(caching.CLIENT_DATA, fail, **CLIENT)

    load = Loader(1)
    caching.get_or_load(caching.CLIENT_DATA, load, **CLIENT)
    assert caching.has(caching.CLIENT_DATA, **CLIENT)


def test_who_waited_for_a_load_that_failed_loads_on_its_own() -> None:
    begun, gate, failures = threading.Event(), threading.Event(), []

    def fail() -> Any:
        begun.set()
        gate.wait(5)
        raise LookupError

    def lead() -> None:
        try:
            caching.get_or_load(caching.CLIENT_DATA, fail, **CLIENT)
        except LookupError as error:
            failures.append(error)

    leader = threading.Thread(target=lead)
    leader.start()
    begun.wait(5)
    threading.Timer(0.1, gate.set).start()

    assert caching.get_or_load(caching.CLIENT_DATA, Loader(2), **CLIENT) == 2
    leader.join()
    assert len(failures) == 1


@pytest.mark.parametrize("layer", [caching.CLIENT_DATA, caching.CHANNEL], ids=lambda layer: layer.name)
@pytest.mark.parametrize("invalidate", [caching.invalidate, caching.invalidate_matching])
def test_what_was_loaded_before_an_invalidation_is_not_found_after_it(
    layer: caching.Layer, invalidate: Any
) -> None:
    parts: dict[str, Any] = CLIENT if layer.in_redis else {"slug": "shop"}

    def load() -> str:
        invalidate(layer, **parts)
        return "old"

    assert caching.get_or_load(layer, load, **parts) == "old"
    assert not caching.has(layer, **parts)


@pytest.mark.parametrize("parts", [CLIENT, {"channel": "shop"}], ids=["one", "all"])
def test_who_comes_after_an_invalidation_does_not_get_what_was_loading_before(parts: dict[str, Any]) -> None:
    begun, gate = threading.Event(), threading.Event()

    def load_old() -> str:
        begun.set()
        gate.wait(5)
        return "old"

    reader = threading.Thread(
        target=lambda: caching.get_or_load(caching.CLIENT_DATA, load_old, **CLIENT), daemon=True
    )
    reader.start()
    begun.wait(5)
    caching.invalidate_matching(caching.CLIENT_DATA, **parts)

    assert caching.get_or_load(caching.CLIENT_DATA, Loader("new"), **CLIENT) == "new"
    gate.set()
    reader.join()
    assert caching.get(caching.CLIENT_DATA, **CLIENT) == "new"


@pytest.mark.parametrize("raw", [b"{", b"\x78\x9cnonsense", b"\xff\xfe", b"[" * 100_000, b""])
def test_a_poisoned_value_is_a_miss_and_is_replaced(raw: bytes, recorded: RecordedMetrics) -> None:
    _poison(raw)

    assert caching.get(caching.CLIENT_DATA, **CLIENT) is caching.MISSING
    assert recorded.total("cache_requests_total", "client_data", "redis", "error") == 1
    _poison(raw)
    assert caching.get_or_load(caching.CLIENT_DATA, Loader(1), **CLIENT) == 1
    assert caching.get(caching.CLIENT_DATA, **CLIENT) == 1


def test_a_value_of_another_type_is_a_miss_and_is_replaced(recorded: RecordedMetrics) -> None:
    _poison(b"")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        (key,) = client.scan_iter("*value:*")
        client.delete(key)
        client.rpush(key, "value")

    assert caching.get_or_load(caching.CLIENT_DATA, Loader(1), **CLIENT) == 1
    assert caching.get(caching.CLIENT_DATA, **CLIENT) == 1
    assert recorded.total("cache_requests_total", "client_data", "redis", "error") == 1


def test_a_value_that_cannot_be_decoded_is_a_miss_and_is_replaced(recorded: RecordedMetrics) -> None:
    caching.put(caching.CLIENT_DATA, {"nam": "Ana"}, **CLIENT)
    load = Loader({"name": "Ana"})

    for _ in range(2):
        name = caching.get_or_load(caching.CLIENT_DATA, load, decode=lambda value: value["name"], **CLIENT)
        assert name == "Ana"

    assert load.calls == 1
    assert recorded.total("cache_requests_total", "client_data", "redis", "error") == 1


def test_a_loaded_value_that_cannot_be_decoded_raises() -> None:
    with pytest.raises(KeyError):
        caching.get_or_load(caching.CLIENT_DATA, Loader({}), decode=lambda value: value["name"], **CLIENT)


def test_whoever_loads_sees_the_form_that_everybody_else_will_see() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)

    first = caching.get_or_load(caching.CLIENT_DATA, Loader({"at": moment, "of": (1, 2)}), **CLIENT)

    assert first == {"at": "2026-01-02T00:00:00Z", "of": [1, 2]}
    assert caching.get(caching.CLIENT_DATA, **CLIENT) == first


def test_large_values_are_compressed_and_count_in_memory_by_what_they_were() -> None:
    before = process.local.figures()["bytes"]
    caching.put(caching.CLIENT_DATA, {"text": "a" * 50_000}, **CLIENT)

    assert caching.get(caching.CLIENT_DATA, **CLIENT) == {"text": "a" * 50_000}
    assert process.local.figures()["bytes"] - before > 50_000
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        (key,) = client.scan_iter("*value:*")
        assert client.strlen(key) < 1000
        assert 12 * 3600 - 60 < client.ttl(key) <= 12 * 3600


def test_small_values_are_stored_as_they_are() -> None:
    caching.put(caching.CLIENT_DATA, {"text": "a" * 900}, **CLIENT)

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        (key,) = client.scan_iter("*value:*")
        assert json.loads(client.get(key) or b"") == {"text": "a" * 900}


def test_a_layer_of_the_process_holds_any_object_and_leaves_redis_alone() -> None:
    value = object()

    assert caching.get_or_load(caching.CHANNEL, Loader(value), slug="shop") is value
    assert caching.get(caching.CHANNEL, slug="shop") is value
    assert shared.key_counts() == {}
    with pytest.raises(ValueError, match="channel"):
        caching.put(caching.CHANNEL, value, slug="shop")


def test_an_invalidation_on_commit_waits_for_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caching.get_or_load(caching.CLIENT_DATA, Loader(1), **CLIENT)

    with django_capture_on_commit_callbacks(execute=True):
        caching.invalidate_on_commit(caching.CLIENT_DATA, **CLIENT)
        assert caching.has(caching.CLIENT_DATA, **CLIENT)
        assert PendingInvalidation.objects.get().key == "shop:573003913251"

    assert not caching.has(caching.CLIENT_DATA, **CLIENT)
    assert not PendingInvalidation.objects.exists()


def test_many_invalidations_on_commit_take_two_statements_and_keep_no_value(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    users = [{"channel": "shop", "user": str(number)} for number in range(50)]
    for user in users:
        caching.put(caching.CLIENT_DATA, "old", **user)

    with django_assert_num_queries(2), django_capture_on_commit_callbacks(execute=True):
        caching.invalidate_all_on_commit([(caching.CLIENT_DATA, user) for user in users[1:]])
        assert caching.has(caching.CLIENT_DATA, **users[1])

    assert [caching.has(caching.CLIENT_DATA, **user) for user in users] == [True] + [False] * 49
    assert not PendingInvalidation.objects.exists()


def test_none_on_commit_is_no_work(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        caching.invalidate_all_on_commit([])


def test_a_reader_may_hear_on_which_level_it_was() -> None:
    levels: list[str] = []
    for forget in (bool, bool, process.local.clear):
        forget()
        caching.get_or_load(caching.CLIENT_DATA, Loader(1), found=levels.append, **CLIENT)

    assert levels == ["process", "redis"]


def test_an_invalidation_that_reaches_redis_costs_no_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        caching.get_or_load(caching.CLIENT_DATA, Loader(1), **CLIENT)
        caching.invalidate(caching.CLIENT_DATA, **CLIENT)


def _poison(raw: bytes) -> None:
    caching.put(caching.CLIENT_DATA, "good", **CLIENT)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        (key,) = client.scan_iter("*value:*")
        client.set(key, raw)


def test_an_outage_has_a_line_now_and_then_that_names_no_customer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "_silent_until", {})
    for _ in range(3):
        _poison(b"{")
        caching.get(caching.CLIENT_DATA, **CLIENT)

    (record,) = (record for record in caplog.records if "CACHE_ACCESS_ERROR" in record.getMessage())
    assert "client_data" in record.getMessage()
    assert CLIENT["user"] not in record.getMessage()


def test_who_misses_is_told_before_loading_and_who_finds_is_not() -> None:
    told: list[str] = []

    def load() -> str:
        told.append("load")
        return "value"

    for _ in range(2):
        caching.get_or_load(caching.CLIENT_DATA, load, missed=lambda: told.append("missed"), **CLIENT)

    assert told == ["missed", "load"]
