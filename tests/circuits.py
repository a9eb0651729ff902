"""The models' circuits among tests: closed before each, and retries that do not wait."""

from collections.abc import Iterator

import pytest
from django_redis import get_redis_connection

from botsite.resilience.breaker import get_breaker
from botsite.resilience.breaker_shared import NAMES_KEY
from botsite.resilience.breaker_successes import successes
from conversations.services import circuits, latency, routing


@pytest.fixture(autouse=True)
def no_failures_of_other_tests() -> Iterator[None]:
    """What a test let fail is forgotten, in Redis and in this process."""
    yield
    if get_breaker.cache_info().currsize:
        forget_circuits()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that failed is asked again after hundredths of a second."""
    monkeypatch.setattr(routing, "FIRST_PAUSE_SECONDS", 0.01)


def forget_circuits() -> None:
    """Let every model's circuit be as if it had never been used, and its latency too."""
    successes.report()  # nobody does that later
    redis = get_redis_connection("default")
    if keys := list(redis.scan_iter(f"botsite:breaker:{circuits.PREFIX}*")):
        redis.delete(*keys)
        redis.delete(NAMES_KEY)
    get_breaker.cache_clear()
    latency.forget()
