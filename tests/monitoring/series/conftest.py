"""A meter of the test's own over an empty Redis, and a clock that stands still until it is moved."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
import time_machine
from pytest_django import Settings

from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter

NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def store(settings: Settings) -> Iterator[redis.Redis]:
    """The test's Redis, emptied before and after."""
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def meter() -> Iterator[Meter]:
    """Takes what the test counts; only the test flushes it."""
    meter = Meter(interval=3600)
    metrics.install(meter, forgiving=False)
    try:
        yield meter
    finally:
        metrics.install(metrics.NullRecorder(), forgiving=False)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Half a minute after noon."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
