"""Channels in the admin: secrets go in and never come out."""

import pytest
from django.test import Client
from django.urls import reverse

from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.staff import administrator

pytestmark = pytest.mark.django_db
SECRETS = ("app_secret", "previous_app_secret", "access_token", "verify_token")


@pytest.fixture
def channel() -> Channel:
    return make_channel(
        app_secret="live-secret",
        previous_app_secret="old-secret",
        access_token="graph-token",
        verify_token="",
        base_url="http://127.0.0.1:9",
    )


def save(client: Client, channel: Channel, **values: str) -> None:
    form = {
        "slug": channel.slug,
        "name": channel.name,
        "is_active": "on",
        "language": "es",
        "phone_number_id": channel.phone_number_id,
        "base_url": channel.base_url,
        "unknown_send_policy": "park",
        **dict.fromkeys(SECRETS, ""),
    }
    response = client.post(address(channel), form | values)
    assert response.status_code == 302, response.content.decode()
    channel.refresh_from_db()


def address(channel: Channel) -> str:
    return reverse("admin:sessions_app_channel_change", args=[channel.pk])


def test_no_secret_is_shown(channel: Channel) -> None:
    page = administrator().get(address(channel)).content.decode()

    for secret in ("live-secret", "old-secret", "graph-token"):
        assert secret not in page
    assert page.count(">set</span>") == 3
    assert page.count(">not set</span>") == 1
    assert "/webhook/shop" in page


def test_an_empty_field_keeps_the_secret(channel: Channel) -> None:
    save(administrator(), channel, name="Tienda")

    assert channel.name == "Tienda"
    assert (channel.app_secret, channel.access_token) == ("live-secret", "graph-token")


def test_a_typed_secret_replaces_the_old_one_and_the_log_names_only_the_field(channel: Channel) -> None:
    client = administrator()

    save(client, channel, app_secret="fresh-secret")

    assert (channel.app_secret, channel.access_token) == ("fresh-secret", "graph-token")
    history = client.get(reverse("admin:sessions_app_channel_history", args=[channel.pk])).content.decode()
    assert "app secret" in history.lower()
    assert "access token" not in history.lower()
    assert "fresh-secret" not in history


def test_a_secret_is_removed_on_request(channel: Channel) -> None:
    save(administrator(), channel, **{"previous_app_secret-remove": "on"})

    assert (channel.previous_app_secret, channel.app_secret) == ("", "live-secret")


def test_a_channel_keeps_its_kind(channel: Channel) -> None:
    save(administrator(), channel, kind="simulator")

    assert channel.kind == "cloud_api"


def test_a_channel_is_added_by_hand() -> None:
    response = administrator().post(
        reverse("admin:sessions_app_channel_add"),
        {
            "slug": "nueva",
            "kind": "cloud_api",
            "is_active": "on",
            "language": "en",
            "unknown_send_policy": "park",
            "app_secret": "live-secret",
        },
    )

    assert response.status_code == 302
    assert Channel.objects.get(slug="nueva").app_secret == "live-secret"
