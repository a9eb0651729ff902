"""`GET /metrics`: who may read it, and that it says what is so."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.api.keys import api_key_create
from botsite.api.models import Scope
from botsite.resilience.breaker import get_breaker
from botsite.resilience.breaker_shared import circuits
from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter
from conversations.models import Thread
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.processes import wait_until

Samples = dict[tuple[str, tuple[str, ...]], float]


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


@pytest.fixture
def allowed(settings: Settings) -> None:
    settings.METRICS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


@pytest.fixture
def channel(db: None) -> Channel:
    return make_channel()


def test_counts_and_durations_of_all_processes(
    client: Client, meter: Meter, allowed: None, channel: Channel
) -> None:
    metrics.count("turns_total", 3, result="answered")
    metrics.observe("turn_seconds", 0.5)
    metrics.observe("turn_seconds", 99_999)
    meter.flush()

    samples = _scrape(client)

    assert samples["turns_total", ("answered",)] == 3
    assert samples["race_errors_total", ()] == 0
    assert samples["turn_seconds_count", ()] == 2
    assert samples["turn_seconds_sum", ()] == pytest.approx(99_999.5)
    assert samples["turn_seconds_bucket", ("0.5907",)] == 1
    assert samples["turn_seconds_bucket", ("0.4922",)] == 0
    assert samples["turn_seconds_bucket", ("+Inf",)] == 2


def test_states_come_from_the_database(
    client: Client, meter: Meter, allowed: None, channel: Channel, settings: Settings
) -> None:
    user = receive(channel, "hola", "¿abren hoy?")
    Thread.objects.create(user=user, token_count=settings.THREAD_TOKEN_THRESHOLD + 1)

    samples = _scrape(client)

    assert samples["inbox_messages", ("pending",)] == 2
    assert samples["inbox_messages", ("parked",)] == 0
    assert samples["outbox_messages", ("pending",)] == 0
    assert samples["high_token_threads", ()] == 1
    assert samples["health_check_up", ("database",)] == 1
    assert samples["health_check_up", ("redis",)] == 1


def test_circuit_breakers_are_told_by_name(
    client: Client, meter: Meter, allowed: None, channel: Channel
) -> None:
    breaker = get_breaker("test:metrics")
    for _ in range(5):
        breaker.admit().failed()
    get_breaker("test:metrics:other").admit().succeeded()
    wait_until(lambda: "test:metrics:other" in circuits())  # successes are counted a moment later
    meter.flush()

    samples = _scrape(client)

    assert samples["circuit_state", ("test:metrics",)] == 2
    assert samples["circuit_state", ("test:metrics:other",)] == 0
    assert samples["circuit_trips_total", ("test:metrics",)] == 1


def test_a_scrape_costs_few_queries(
    client: Client,
    meter: Meter,
    allowed: None,
    channel: Channel,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    receive(channel, *(str(number) for number in range(10)))

    with django_assert_num_queries(5):  # health, states, forwards, threads, the books
        _scrape(client)


def test_without_redis_the_rest_is_still_told(
    client: Client, allowed: None, channel: Channel, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    samples = _scrape(client)

    assert samples["health_check_up", ("redis",)] == 0
    assert samples["inbox_messages", ("pending",)] == 0
    assert ("race_errors_total", ()) not in samples


@pytest.mark.parametrize(
    ("scopes", "expected"), [([Scope.METRICS_READ], 200), ([Scope.USERS_READ], 403)], ids=["right", "wrong"]
)
def test_a_key_needs_the_scope(client: Client, db: None, scopes: list[Scope], expected: int) -> None:
    _, token = api_key_create(name="prometheus", scopes=scopes)

    response = client.get("/metrics", headers={"Authorization": f"Api-Key {token}"})

    assert response.status_code == expected


def test_strangers_are_refused(client: Client, db: None, settings: Settings) -> None:
    settings.METRICS_ALLOWED_NETWORKS = [ip_network("10.0.0.0/8")]

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 401
    assert client.get("/metrics", headers={"X-Api-Key": "nonsense"}).status_code == 401


def test_behind_an_undeclared_proxy_nobody_is_from_an_allowed_network(
    client: Client, db: None, allowed: None
) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_staff_may_look_and_other_accounts_may_not(client: Client, db: None) -> None:
    staff = User.objects.create_user("ana", password="x", is_staff=True)
    other = User.objects.create_user("eva", password="x")

    client.force_login(staff)
    assert client.get("/metrics").status_code == 200
    client.force_login(other)
    assert client.get("/metrics").status_code == 403


def test_it_is_read_only_and_the_slash_is_optional(client: Client, db: None, allowed: None) -> None:
    assert client.get("/metrics/").status_code == 200
    assert client.head("/metrics").status_code == 200
    assert client.post("/metrics").status_code == 405


def _scrape(client: Client) -> Samples:
    """Samples by name and the values of their labels; all of it has to be valid Prometheus text."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }
