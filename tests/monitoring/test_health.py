"""Health: open to all, honest, and without names or versions."""

import pytest
from django.test import Client
from pytest_django import Settings


def test_live_answers_without_any_store(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "up", "checks": {}}


@pytest.mark.django_db
def test_ready_tells_each_store(client: Client) -> None:
    response = client.get("/health/ready/")

    body = response.json()
    assert (response.status_code, body["status"]) == (200, "up")
    assert set(body["checks"]) == {"database", "redis"}
    assert body["checks"]["database"]["latencyMs"] > 0


@pytest.mark.django_db
def test_without_redis_the_site_is_degraded_and_still_ready(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["redis"]["status"] == "down"
