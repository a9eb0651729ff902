"""Postgres, Redis and the task queue: well, impaired and away."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.celery import app
from monitoring.health.checks import database, redis_server
from monitoring.models import Status

NOWHERE = "redis://127.0.0.1:1/0"
pytestmark = pytest.mark.django_db


class Elsewhere:
    """The Celery application with its broker at an address where nobody listens."""

    def connection_for_read(self) -> Any:
        return app.connection_for_read(NOWHERE)


def test_a_database_that_is_well_tells_its_connections() -> None:
    found = database.look()

    assert found.status is Status.UP
    assert found.figures["connections"] >= 1
    assert found.figures["max_connections"] > found.figures["connections"]
    assert found.latency_ms is not None


def test_a_migration_that_is_missing_impairs_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'monitoring' AND name ="
            " (SELECT max(name) FROM django_migrations WHERE app = 'monitoring')"
        )

    found = database.look()

    assert (found.status, found.values["count"]) == (Status.DEGRADED, 1)


def test_without_missing_migrations_they_are_not_looked_for_again(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    database.look()

    with django_assert_num_queries(2):
        database.look()


def test_redis_tells_its_memory() -> None:
    found = redis_server.look()

    assert found.status is Status.UP
    assert found.figures["used_mb"] > 0


def test_a_redis_that_is_away_is_down(settings: Settings) -> None:
    settings.REDIS_URL = NOWHERE

    assert redis_server.look().status is Status.DOWN


def test_an_empty_queue_is_a_queue() -> None:
    found = redis_server.look_at_broker()

    assert (found.status, found.figures["waiting"]) == (Status.UP, 0)


def test_a_broker_that_is_away_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "current_app", Elsewhere())

    assert redis_server.look_at_broker().status is Status.DOWN
