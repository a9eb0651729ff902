"""The sliding window: exact, shared, and this process's own while Redis is away."""

import threading
import time
import uuid

import pytest
from django_redis import get_redis_connection
from pytest_django import Settings

from botsite.resilience import ratelimit_local
from botsite.resilience.quotas import QUOTAS
from botsite.resilience.ratelimit import Quota, admit, configured, wait_before, wait_turn
from botsite.resilience.ratelimit_local import LocalWindows
from tests.processes import wait_until
from tests.recording import RecordedMetrics


def quota(limit: int, seconds: float) -> Quota:
    return Quota(name="test", limit=limit, seconds=seconds)


@pytest.fixture
def redis_is_away(settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_it_admits_exactly_the_limit_in_any_window(key: str) -> None:
    limited = quota(5, 0.3)
    admitted: list[tuple[float, float]] = []  # just before and just after the server's decision
    end = time.monotonic() + 1.0
    while (before := time.monotonic()) < end:
        if not wait_before(limited, key):
            admitted.append((before, time.monotonic()))

    assert len(admitted) > 5
    sixths = zip(admitted, admitted[5:], strict=False)
    assert all(later[1] - earlier[0] >= 0.3 for earlier, later in sixths)


def test_the_wait_is_until_the_oldest_leaves_the_window(key: str) -> None:
    limited = quota(1, 0.4)
    assert wait_before(limited, key) == 0

    wait = wait_before(limited, key)
    assert 0.3 < wait <= 0.4
    time.sleep(wait)
    assert wait_before(limited, key) == 0


def test_threads_share_the_count(key: str) -> None:
    limited = quota(10, 30)
    admitted: list[bool] = []

    def try_it() -> None:
        admitted.extend(wait_before(limited, key) == 0 for _ in range(10))

    threads = [threading.Thread(target=try_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(admitted) == 10


def test_it_tells_what_is_left_and_when_there_will_be_more(key: str) -> None:
    admissions = [admit(quota(2, 30), key) for _ in range(3)]

    assert [admission.remaining for admission in admissions] == [1, 0, 0]
    assert [admission.wait > 0 for admission in admissions] == [False, False, True]
    assert all(29 < admission.reset <= 30 for admission in admissions)
    assert {admission.limit for admission in admissions} == {2}


def test_several_units_come_in_together_or_not_at_all(key: str) -> None:
    limited = quota(10, 30)

    left = [admit(limited, key, units=units).remaining for units in (4, 5)]
    refused = admit(limited, key, units=2)
    last = admit(limited, key)

    assert left == [6, 1]
    assert refused.wait > 0
    assert (last.wait, last.remaining) == (0, 0)


def test_the_wait_of_several_units_is_until_enough_have_left(key: str) -> None:
    limited = quota(10, 0.6)
    moments = []
    for units in (4, 4, 2):
        moments.append(time.monotonic())
        assert admit(limited, key, units=units).wait == 0
        time.sleep(0.1)

    wait = admit(limited, key, units=6).wait  # the first two have to leave

    assert time.monotonic() + wait >= moments[1] + 0.6
    assert wait <= 0.5
    time.sleep(wait)
    assert admit(limited, key, units=6).wait == 0


@pytest.mark.parametrize("units", [0, -1, 11])
def test_units_that_could_never_come_in_are_a_mistake(key: str, units: int) -> None:
    with pytest.raises(ValueError, match="1 to 10 units"):
        admit(quota(10, 30), key, units=units)


def test_a_limit_of_zero_is_none(key: str) -> None:
    assert [wait_before(quota(0, 30), key) for _ in range(50)] == [0] * 50


def test_a_lower_limit_holds_at_once_for_what_was_admitted_before(key: str) -> None:
    admit(quota(10, 30), key, units=8)

    refused = admit(quota(5, 30), key)

    assert refused.wait > 29
    assert refused.remaining == 0


def test_windows_of_one_name_are_counted_apart(key: str) -> None:
    assert wait_before(quota(1, 30), key) == 0
    assert wait_before(quota(1, 20), key) == 0


def test_the_window_leaves_nothing_behind(key: str) -> None:
    client = get_redis_connection("default")
    admit(quota(5, 0.2), key)
    [stored] = client.keys(f"*{key}*")
    assert 0 < client.pttl(stored) <= 200

    wait_until(lambda: not client.exists(stored))


def test_a_flushed_redis_costs_only_the_counts(key: str) -> None:
    limited = quota(1, 30)
    wait_before(limited, key)
    client = get_redis_connection("default")
    client.script_flush()
    assert wait_before(limited, key) > 0

    client.delete(*client.keys(f"*{key}*"))
    assert wait_before(limited, key) == 0


def test_refusals_are_counted_by_scope(key: str, recorded: RecordedMetrics) -> None:
    for _ in range(5):
        wait_before(quota(2, 30), key)

    assert recorded.total("rate_limited_total", "test") == 3


def test_a_turn_is_waited_for(key: str) -> None:
    limited = quota(1, 0.2)
    began = time.monotonic()

    assert [wait_turn(limited, key, seconds=5) for _ in range(3)] == [0, 0, 0]

    assert time.monotonic() - began >= 0.4


def test_a_turn_that_cannot_come_in_time_is_not_waited_for(key: str) -> None:
    limited = quota(1, 30)
    began = time.monotonic()

    assert wait_turn(limited, key, seconds=1) == 0
    assert 29 < wait_turn(limited, key, seconds=1) <= 30

    assert time.monotonic() - began < 1


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_a_process_keeps_the_limit_by_itself(key: str, recorded: RecordedMetrics) -> None:
    started = time.monotonic()
    admissions = [admit(quota(10, 30), key) for _ in range(50)]

    assert [admission.wait == 0 for admission in admissions] == [True] * 10 + [False] * 40
    assert admissions[0].remaining == 9
    assert all(25 < admission.wait <= 30 for admission in admissions[10:])
    assert time.monotonic() - started < 2
    assert recorded.total("rate_limiter_local_total", "test") == 50
    assert recorded.total("rate_limited_total", "test") == 40


@pytest.mark.usefixtures("redis_is_away")
def test_the_outage_is_logged_once_a_rest(key: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        admit(quota(10, 30), key)

    logged = caplog.text
    assert logged.count("REDIS_AWAY") == 1
    assert "counted by this process alone" in logged


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_local_window_slides() -> None:
    clock = Clock()
    windows = LocalWindows(clock=clock)

    def admit_units(units: int) -> tuple[bool, int, float]:
        return windows.admit("a", limit=10, seconds=60, units=units)

    assert admit_units(6) == (True, 4, 60)
    clock.now += 10
    assert admit_units(4) == (True, 0, 50)
    assert admit_units(1) == (False, 0, 50)
    assert admit_units(7) == (False, 0, 60)
    clock.now += 50
    assert admit_units(6) == (True, 0, 10)


def test_local_windows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit_local, "MAX_KEYS", 3)
    windows = LocalWindows()

    for key in "abcd":
        windows.admit(key, limit=1, seconds=60)

    assert windows.admit("a", limit=1, seconds=60)[0]
    assert not windows.admit("d", limit=1, seconds=60)[0]


def test_the_operator_may_set_another_limit(settings: Settings) -> None:
    settings.QUOTA_LIMITS = {"inventory": 3}

    assert configured(QUOTAS["inventory"]).limit == 3
    assert configured(QUOTAS["ip"]).limit == 100


def test_every_quota_says_what_it_is_for() -> None:
    assert all(quota.about and quota.seconds > 0 for quota in QUOTAS.values())
    limits = {name: (quota.limit, quota.seconds) for name, quota in QUOTAS.items()}
    assert limits == {
        "ip": (100, 60),
        "api_key": (50, 60),
        "sessions_write": (1000, 1),
        "whatsapp_user": (30, 60),
        "send_whapi": (10, 60),
        "send_cloud_api": (80, 1),
        "inventory": (10, 60),
        "language_model": (0, 60),
    }
