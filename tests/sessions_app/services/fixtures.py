"""A gateway that is asked, and a Laravel that is told: without a pause or failures of another test."""

from collections.abc import Iterator

import pytest
from django_redis import get_redis_connection
from pytest_django import Settings

from botsite.resilience.breaker import get_breaker
from botsite.resilience.breaker_shared import NAMES_KEY
from sessions_app.models import Channel
from sessions_app.providers import gateway_registry
from sessions_app.services import forward_sending
from sessions_app.services.forward_pause import pause_end
from sessions_app.services.laravel import http_client
from tests.fakes.laravel import FakeLaravel
from tests.sessions_app.gateway import FakeGateway
from tests.sessions_app.services.builders import gateway


@pytest.fixture
def told(
    transactional_db: None, laravel: FakeLaravel, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeLaravel]:
    """The Laravel that the site is set to tell; what failed is due again almost at once."""
    settings.LARAVEL_API_URL = laravel.api_url
    monkeypatch.setattr(forward_sending, "FIRST_PAUSE_SECONDS", 0.01)
    yield laravel
    forget_laravel()


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return gateway()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    """The only gateway that there is, of the kind `gateway`."""
    fake = FakeGateway()
    monkeypatch.setattr(gateway_registry, "GATEWAYS", {"gateway": fake})
    return fake


def forget_laravel() -> None:
    """Let Laravel's circuit, pause and connections be as if it had never been called."""
    http_client.close()
    pause_end()
    redis = get_redis_connection("default")
    redis.delete(*redis.scan_iter("botsite:breaker:laravel*"), NAMES_KEY)
    get_breaker.cache_clear()
