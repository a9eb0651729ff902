"""A pause of forwarding: the same for all who share a Redis, and this process's own without one."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from botsite.resilience.redis_rest import resting_redis
from sessions_app.services.forward_pause import pause_begin, pause_end, paused
from tests.processes import wait_until


@pytest.fixture(autouse=True)
def _no_pause() -> Iterator[None]:
    pause_end()
    yield
    pause_end()


@pytest.fixture
def without_redis(settings: Settings) -> Iterator[None]:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    yield
    resting_redis._resting_until = 0.0


def test_a_pause_is_known_with_its_reason_until_it_ends() -> None:
    pause_begin(30, "HTTP 429")

    pause = paused()
    assert pause is not None
    assert (29 < pause.seconds <= 30, pause.reason) == (True, "HTTP 429")
    pause_end()
    assert paused() is None


def test_a_pause_runs_out() -> None:
    pause_begin(0.05, "HTTP 503")
    wait_until(lambda: paused() is None)


def test_without_redis_a_process_pauses_by_itself(without_redis: None) -> None:
    pause_begin(30, "HTTP 429")

    pause = paused()
    assert pause is not None
    assert pause.reason == "HTTP 429"
    pause_end()
    assert paused() is None
