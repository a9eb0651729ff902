"""`GET /metrics/host`: what django-prometheus counted, with labels that no stranger can multiply."""

from ipaddress import ip_network

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from conversations.models import WhatsAppUser
from sessions_app.models import Channel
from tests.botsite.api.client import make_key
from tests.conversations.builders import make_channel

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(autouse=True)
def _allowed(settings: Settings, db: None) -> None:
    settings.METRICS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


def test_requests_are_counted_by_view_and_status(client: Client) -> None:
    labels = {"status": "200", "view": "health-live", "method": "GET"}
    before = value(scrape(client), "django_http_responses_total_by_status_view_method_total", **labels)
    for _ in range(3):
        client.get("/health/live")

    after = scrape(client)

    name = "django_http_responses_total_by_status_view_method_total"
    assert value(after, name, **labels) == before + 3
    assert value(after, "django_http_requests_latency_including_middlewares_seconds_count") >= 3


def test_statements_and_look_ups_are_counted(client: Client) -> None:
    before = scrape(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.get("nothing of this name")

    after = scrape(client)

    database = {"alias": "default", "vendor": "postgresql"}
    for name in ("django_db_execute_total", "django_db_query_duration_seconds_count"):
        assert value(after, name, **database) > value(before, name, **database)
    misses = "django_cache_get_misses_total"
    assert value(after, misses, backend="redis") > value(before, misses, backend="redis")


def test_a_method_that_is_none_makes_no_series_of_its_own(client: Client) -> None:
    client.generic("BREW", "/health/live")

    methods = {dict(labels).get("method") for _, labels in scrape(client)}

    assert "BREW" not in methods
    assert "<invalid method>" in methods


def test_addresses_that_lead_nowhere_make_no_series_of_their_own(client: Client) -> None:
    client.get("/nowhere/at/all")

    assert not [labels for _, labels in scrape(client) if "nowhere" in str(labels)]


@pytest.mark.django_db(transaction=True)
def test_rows_are_still_read_in_portions() -> None:
    channel: Channel = make_channel()
    WhatsAppUser.objects.bulk_create(WhatsAppUser(channel=channel) for _ in range(5))

    assert len(list(WhatsAppUser.objects.iterator(chunk_size=2))) == 5  # through a cursor of the server


def test_it_is_guarded_like_the_clusters(client: Client, settings: Settings) -> None:
    settings.METRICS_ALLOWED_NETWORKS = []

    assert client.get("/metrics/host").status_code == 401
    assert client.get("/metrics/host", headers={"X-Api-Key": make_key("users:read")}).status_code == 403
    assert client.get("/metrics/host", headers={"X-Api-Key": make_key("metrics:read")}).status_code == 200


def scrape(client: Client) -> Samples:
    """Every sample by its name and labels; all of it has to be valid Prometheus text."""
    response = client.get("/metrics/host")
    assert response.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)
