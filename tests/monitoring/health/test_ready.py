"""Health: open to all, honest, and without names or versions."""

import time

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.postgres import waiting
from monitoring.health.findings import Finding
from monitoring.models import Status
from monitoring.services.health_store import findings_store
from tests.faults.proxy import TcpProxy
from tests.serving import database_proxy, serving

__all__ = ("database_proxy", "serving")


def found(**statuses: Status) -> None:
    """What the checks found just now; `__` in a name stands for a colon."""
    names = {name.replace("__", ":"): Finding(status) for name, status in statuses.items()}
    findings_store(names, periods=dict.fromkeys(names, 30.0))


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


@pytest.mark.django_db
def test_families_are_told_by_their_worst_and_nobody_is_named(client: Client) -> None:
    found(channel__la_tienda=Status.DOWN, channel__b=Status.UP, llm__openai=Status.UP, workers=Status.UP)

    response = client.get("/health/ready")

    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["channels"] == {"status": "down"}
    assert response.json()["checks"]["languageModels"] == {"status": "up"}
    assert "la_tienda" not in response.content.decode()
    assert "openai" not in response.content.decode()


@pytest.mark.django_db
def test_what_nobody_knows_is_no_reason_to_worry(client: Client) -> None:
    found(beat=Status.UNKNOWN)

    assert client.get("/health/ready").json()["status"] == "up"


@pytest.mark.django_db
def test_who_asks_often_costs_one_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        for _ in range(5):
            client.get("/health/ready")


@pytest.mark.parametrize("mode", ["hang", "refuse"])
def test_without_the_database_it_says_so_within_five_seconds_and_what_was_known(
    client: Client, database_proxy: TcpProxy, mode: str
) -> None:
    found(workers=Status.UP)
    assert client.get("/health/ready").status_code == 200

    database_proxy.set_mode(mode)  # type: ignore[arg-type]
    started = time.monotonic()
    response = client.get("/health/ready")
    seconds = time.monotonic() - started

    assert response.status_code == 503
    assert response.json()["status"] == "down"
    assert response.json()["checks"]["workers"] == {"status": "up"}
    assert seconds < 5

    database_proxy.set_mode("pass")
    waiting._silence.end()
    assert client.get("/health/ready").status_code == 200
