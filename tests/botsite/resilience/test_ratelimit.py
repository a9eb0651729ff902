"""The sliding window: exact, shared, and open when Redis is away."""

import threading
import time
import uuid

import pytest
from pytest_django import Settings

from botsite.resilience.ratelimit import Admission, Quota, admit, wait_before


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_it_admits_exactly_the_limit_in_any_window(key: str) -> None:
    quota = Quota("test", 5, 0.3)
    admitted: list[tuple[float, float]] = []  # just before and just after the server's decision
    end = time.monotonic() + 1.0
    while (before := time.monotonic()) < end:
        if not wait_before(quota, key):
            admitted.append((before, time.monotonic()))

    assert len(admitted) > 5
    sixths = zip(admitted, admitted[5:], strict=False)
    assert all(later[1] - earlier[0] >= 0.3 for earlier, later in sixths)


def test_the_wait_is_until_the_oldest_leaves_the_window(key: str) -> None:
    quota = Quota("test", 1, 0.4)
    assert wait_before(quota, key) == 0

    wait = wait_before(quota, key)
    assert 0.3 < wait <= 0.4
    time.sleep(wait)
    assert wait_before(quota, key) == 0


def test_threads_share_the_count(key: str) -> None:
    quota = Quota("test", 10, 30)
    admitted: list[bool] = []

    def try_it() -> None:
        admitted.extend(wait_before(quota, key) == 0 for _ in range(10))

    threads = [threading.Thread(target=try_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(admitted) == 10


def test_without_redis_everything_is_admitted_at_once(key: str, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    started = time.monotonic()
    assert [wait_before(Quota("test", 1, 30), key) for _ in range(50)] == [0] * 50
    assert time.monotonic() - started < 2


def test_it_tells_what_is_left_and_when_there_will_be_more(key: str) -> None:
    admissions = [admit(Quota("test", 2, 30), key) for _ in range(3)]

    assert [admission.remaining for admission in admissions] == [1, 0, 0]
    assert [admission.wait > 0 for admission in admissions] == [False, False, True]
    assert all(29 < admission.reset <= 30 for admission in admissions)


def test_without_redis_nothing_counts_as_used(key: str, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    assert admit(Quota("test", 2, 30), key) == Admission(wait=0, remaining=2, reset=0)
