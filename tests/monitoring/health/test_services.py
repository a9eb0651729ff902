"""Language models, channels, Laravel and the inventory: asked rarely, for free, and without secrets shown."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from botsite.resilience.breaker import Breaker, get_breaker
from conversations.llm.providers import OpenAICompatible
from conversations.models import Run, RunState, Thread
from conversations.services.circuits import circuit
from conversations.services.language_models import language_models as configured
from monitoring.health.checks import channels, language_models
from monitoring.health.checks import inventory as inventory_check
from monitoring.health.checks import laravel as laravel_check
from monitoring.models import Status
from sessions_app.models import ForwardBatch
from tests.conversations.builders import make_channel, receive
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.laravel import FakeLaravel
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.soap_inventory import FakeInventory

pytestmark = pytest.mark.django_db


def open_circuit(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.admit().failed()


@pytest.fixture
def provider(openai_fake: FakeOpenAI, settings: Settings) -> OpenAICompatible:
    """A provider that was not asked for a while; its circuit is closed."""
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "a-key", openai_fake.base_url
    return configured()[0]


def run_of(provider: str, *, ago: float) -> None:
    Run.objects.create(
        thread=Thread.objects.create(user=receive(make_channel(), "hola")),
        epoch=1,
        state=RunState.COMPLETED,
        provider=provider,
        finished_at=timezone.now() - timedelta(seconds=ago),
    )


def test_one_that_answered_lately_is_not_asked(openai_fake: FakeOpenAI, provider: OpenAICompatible) -> None:
    run_of("openai", ago=60)

    found = language_models.look(provider)

    assert (found.status, openai_fake.requests) == (Status.UP, [])


def test_an_idle_one_is_asked_for_free_and_not_again_soon(
    openai_fake: FakeOpenAI, provider: OpenAICompatible
) -> None:
    run_of("openai", ago=301)

    assert {language_models.look(provider).status for _ in range(3)} == {Status.UP}
    assert [request.path for request in openai_fake.requests] == ["/v1/models"]


def test_one_whose_circuit_is_open_is_left_alone(openai_fake: FakeOpenAI, provider: OpenAICompatible) -> None:
    open_circuit(circuit(provider.name))

    assert language_models.look(provider).status is Status.DOWN
    assert openai_fake.requests == []


@pytest.mark.parametrize(("code", "status"), [(401, Status.DOWN), (429, Status.DEGRADED), (500, Status.DOWN)])
def test_what_its_answer_means(
    openai_fake: FakeOpenAI, provider: OpenAICompatible, code: int, status: Status
) -> None:
    openai_fake.behave(Behaviour(on="models", status=code))

    found = language_models.look(provider)

    assert (found.status, found.values) == (status, {"code": code})
    assert "a-key" not in repr(found)


def test_a_channel_is_asked_once_in_a_while(graph: FakeGraph) -> None:
    account = make_channel(base_url=graph.url).account()

    found = [channels.look(account) for _ in range(3)]

    assert {each.status for each in found} == {Status.UP}
    assert len(graph.requests) == 1
    assert "graph-token" not in repr(found)


def test_a_number_about_to_be_restricted_is_impaired() -> None:
    with FakeGraph() as graph:
        graph.configure(quality="RED")
        assert channels.look(make_channel(base_url=graph.url).account()).status is Status.DEGRADED


def test_a_channel_whose_circuit_is_open_is_left_alone(graph: FakeGraph) -> None:
    account = make_channel("paused", base_url=graph.url).account()
    open_circuit(get_breaker("cloud_api:paused"))

    assert channels.look(account).status is Status.DOWN
    assert graph.requests == []


def test_laravel_is_never_called_for_it(laravel: FakeLaravel, settings: Settings) -> None:
    settings.LARAVEL_API_URL = laravel.api_url

    assert laravel_check.look().status is Status.UNKNOWN
    for result, status in (
        ("accepted", Status.UP),
        ("refused", Status.DEGRADED),
        ("unavailable", Status.DEGRADED),
        ("configuration", Status.DOWN),
    ):
        ForwardBatch.objects.create(kind="qr", digest=result, size=1, result=result, finished_at=Now())
        assert laravel_check.look().status is status
    assert laravel.requests == []


def test_the_inventory_is_asked_for_its_description(inventory: FakeInventory, settings: Settings) -> None:
    settings.INVENTORY_WSDL_URL = inventory.wsdl_url.replace("://", "://user:a-password@")

    found = inventory_check.look()

    assert found.status is Status.UP
    assert inventory.requests[0].authorization == "Basic dXNlcjphLXBhc3N3b3Jk"
    assert "a-password" not in repr(found)


def test_a_service_that_does_not_listen_is_down(settings: Settings) -> None:
    settings.INVENTORY_WSDL_URL = "http://127.0.0.1:1/stock?wsdl"

    assert inventory_check.look().status is Status.DOWN
