"""What tests of the health checks share."""

from collections.abc import Iterator

import pytest
from django_redis import get_redis_connection

from botsite.resilience.breaker import get_breaker
from monitoring.health import remembered, sparing
from monitoring.health.checks import database, language_models


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """What this process has learned so far, and what the test teaches it, is forgotten."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    get_redis_connection("default").flushdb()  # the circuits, too
    get_breaker.cache_clear()
    remembered.forget()
    sparing.forget()
    database.forget()
    language_models.forget()
