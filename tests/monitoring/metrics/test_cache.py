"""`GET /metrics/cache`: the cache in figures, with Redis and without."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from botsite import caching
from botsite.api.keys import api_key_create
from botsite.api.models import Scope
from botsite.caching import usage
from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter

pytestmark = pytest.mark.django_db

USER: dict[str, Any] = {"channel": "shop", "user": "1"}


@pytest.fixture
def allowed(settings: Settings) -> None:
    """The test may read, and this process has counted nothing yet."""
    settings.METRICS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    usage.counted.clear()


@pytest.fixture
def meter(settings: Settings) -> Iterator[Meter]:
    """This process's counts go to an empty Redis."""
    meter = Meter(interval=3600)  # only the test flushes it
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        metrics.install(meter, forgiving=False)
        yield meter
        metrics.install(metrics.NullRecorder(), forgiving=False)
        client.flushdb()


def _use_the_cache() -> None:
    for _ in range(4):
        caching.get_or_load(caching.CLIENT_DATA, lambda: {"name": "Ana"}, **USER)
    caching.put(caching.QR, "encrypted", channel="shop", session="s1")
    caching.get(caching.QR, channel="shop", session="s1")


def test_counts_of_all_processes_and_what_is_stored(client: Client, allowed: None, meter: Meter) -> None:
    _use_the_cache()
    meter.flush()
    usage.counted.clear()

    figures = client.get("/metrics/cache").json()

    assert figures["scope"] == "cluster"
    assert figures["totalKeys"] == 2
    assert figures["qrKeys"] == 1
    assert figures["layers"].keys() == caching.LAYERS.keys()
    client_data = figures["layers"]["client_data"]
    assert {name: client_data[name] for name in ("hits", "misses", "hitRate", "errors", "keys")} == {
        "hits": 3,
        "misses": 1,
        "hitRate": 0.75,
        "errors": 0,
        "keys": 1,
    }
    assert figures["layers"]["status"]["hitRate"] == 0
    assert figures["memory"]["entries"] == 1
    assert figures["memory"]["hits"] == 3
    assert figures["memory"]["limitBytes"] == 100_000_000
    assert figures["redis"] == {"status": "up", "listening": True, "hits": 1, "misses": 1, "hitRate": 0.5}


def test_without_redis_it_tells_what_this_process_knows(
    client: Client, allowed: None, settings: Settings
) -> None:
    _use_the_cache()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0?socket_timeout=0.25"}
    settings.CACHES = {**settings.CACHES, "layers": settings.CACHES["layers"] | nowhere}

    response = client.get("/metrics/cache")

    assert response.status_code == 200
    figures = response.json()
    assert figures["scope"] == "process"
    assert figures["totalKeys"] is None
    assert figures["qrKeys"] is None
    assert figures["layers"]["client_data"]["hits"] == 3
    assert figures["redis"]["status"] == "down"


@pytest.mark.parametrize(
    ("scopes", "expected"), [([Scope.METRICS_READ], 200), ([Scope.USERS_READ], 403)], ids=["right", "wrong"]
)
def test_a_key_needs_the_scope(client: Client, scopes: list[Scope], expected: int) -> None:
    _, token = api_key_create(name="prometheus", scopes=scopes)

    response = client.get("/metrics/cache/", headers={"Authorization": f"Api-Key {token}"})

    assert response.status_code == expected


def test_strangers_are_refused(client: Client) -> None:
    assert client.get("/metrics/cache").status_code == 401
