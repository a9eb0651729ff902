"""The rest that a process gives a Redis that is away, and what it counted meanwhile, end with their test."""

from collections.abc import Iterator

import pytest

from botsite.resilience import ratelimit
from botsite.resilience.redis_rest import resting_redis


@pytest.fixture(autouse=True)
def redis_is_awake() -> Iterator[None]:
    yield
    resting_redis._resting_until = 0.0
    ratelimit._local.forget()
