"""A base URL that is typed on a page: public only, and never with a token that was meant for another."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sessions_app.models import Channel
from sessions_app.providers.base import HealthState
from sessions_app.services.connections import channel_check
from tests.conversations.builders import make_channel
from tests.fakes.graph import FakeGraph
from tests.staff import administrator

pytestmark = pytest.mark.django_db
TOKEN_IS_NEEDED = "Enter the access token for the new base URL"


@pytest.fixture
def channel() -> Channel:
    return make_channel(app_secret="live-secret", access_token="graph-token", base_url="http://127.0.0.1:9")


def save(client: Client, channel: Channel, **values: str) -> Any:
    form = {
        "slug": channel.slug,
        "is_active": "on",
        "language": "es",
        "phone_number_id": channel.phone_number_id,
        "unknown_send_policy": "park",
        "base_url": channel.base_url,
    }
    response = client.post(reverse("admin:sessions_app_channel_change", args=[channel.pk]), form | values)
    channel.refresh_from_db()
    return response


def test_a_public_one_is_taken_with_a_token_of_its_own(channel: Channel) -> None:
    response = save(administrator(), channel, base_url="https://api.example/v1/", access_token="its-own")

    assert response.status_code == 302
    assert (channel.base_url, channel.access_token) == ("https://api.example/v1", "its-own")
    assert channel.account().guarded


def test_the_kept_token_is_not_sent_to_a_new_one(channel: Channel) -> None:
    response = save(administrator(), channel, base_url="https://attacker.example")

    assert TOKEN_IS_NEEDED in response.content.decode()
    assert channel.base_url == "http://127.0.0.1:9"


def test_the_operator_s_own_stays_trusted_through_a_page(channel: Channel) -> None:
    assert save(administrator(), channel, name="Tienda").status_code == 302

    assert (channel.name, channel.base_url) == ("Tienda", "http://127.0.0.1:9")
    assert not channel.account().guarded


def test_an_emptied_one_is_the_provider_s_own(channel: Channel) -> None:
    assert save(administrator(), channel, base_url="").status_code == 302

    assert (channel.base_url, channel.access_token) == ("", "graph-token")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://api.example", "has to begin with https://"),
        ("https://169.254.169.254", "not public"),
        ("https://[::ffff:127.0.0.1]", "not public"),
        ("https://2130706433", "looks like a number"),
        ("https://graph.facebook.com@evil.example", "user name"),
        ("https://a.example/?x=1", "no ?"),
        ("https://a b", "not a URL"),
        ("https://a..b", "not a host name"),
    ],
)
def test_others_are_refused_with_a_sentence(channel: Channel, url: str, sentence: str) -> None:
    response = save(administrator(), channel, base_url=url, access_token="its-own")

    assert sentence in response.content.decode()
    assert (channel.base_url, channel.access_token) == ("http://127.0.0.1:9", "graph-token")


def test_the_operator_s_command_makes_it_trusted_again(channel: Channel) -> None:
    save(administrator(), channel, base_url="https://api.example", access_token="its-own")

    call_command(
        "create_channel", slug=channel.slug, kind=channel.kind, base_url="http://127.0.0.1:7", verbosity=0
    )

    channel.refresh_from_db()
    assert (channel.base_url, channel.base_url_guarded) == ("http://127.0.0.1:7", False)


@pytest.mark.parametrize("kind", ["cloud_api", "evolution", "waha", "whapi"])
def test_a_guarded_channel_cannot_call_this_machine(kind: str, settings: Settings) -> None:
    with FakeGraph() as graph:
        channel = make_channel(
            kind=kind, access_token="t", instance="shop", base_url=graph.url, base_url_guarded=True
        )

        refused = channel_check(channel)
        assert refused.state is HealthState.DOWN
        assert "AddressRefused" in refused.detail
        assert graph.requests == []

        settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
        assert "AddressRefused" not in channel_check(channel).detail
