"""The channel that the environment describes."""

import pytest
from django.core.management import call_command
from pytest_django import Settings

from sessions_app.models import Channel
from tests.conversations.builders import make_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def named(settings: Settings) -> None:
    settings.WHAPI_TOKEN = "whapi-token"
    settings.WHAPI_BASE_URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("command", ["migrate", "create_first_channels"])
def test_a_token_makes_a_channel_once_and_its_webhook_is_shut_to_strangers(named: None, command: str) -> None:
    for _ in range(2):
        call_command(command, verbosity=0)

    channel = Channel.objects.get()
    assert (channel.slug, channel.kind, channel.is_active) == ("whapi", "whapi", True)
    assert (channel.access_token, channel.base_url) == ("whapi-token", "http://127.0.0.1:9")
    assert len(channel.app_secret) >= 40


def test_without_a_token_there_is_none() -> None:
    call_command("create_first_channels")

    assert not Channel.objects.exists()


def test_a_channel_of_its_kind_is_left_as_it_is(named: None) -> None:
    make_channel("other", kind="whapi", phone_number_id="", access_token="its own")

    call_command("create_first_channels")

    assert Channel.objects.get().access_token == "its own"


def test_a_slug_that_is_taken_is_not_touched(named: None) -> None:
    make_channel("whapi")

    call_command("create_first_channels")

    assert Channel.objects.get().kind == "cloud_api"
