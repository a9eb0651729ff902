"""The rest that a process gives a Redis that is away must not outlive the test that took it away."""

from collections.abc import Iterator

import pytest

from botsite.resilience.redis_rest import resting_redis


@pytest.fixture(autouse=True)
def redis_is_awake() -> Iterator[None]:
    yield
    resting_redis._resting_until = 0.0
