"""What staff can do with channels in their list: check the connection, renew the webhook secret."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from sessions_app.models import Channel, Device
from tests.conversations.builders import make_channel
from tests.fakes.whapi import FakeWhapi
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
LIST = reverse("admin:sessions_app_channel_changelist")


def order(client: Client, action: str, *channels: Channel) -> str:
    """Let staff apply an action; returns the page they see then."""
    form = {"action": action, "_selected_action": [channel.pk for channel in channels]}
    return str(client.post(LIST, form, follow=True).content.decode())


def whapi_channel(url: str = "") -> Channel:
    values = {"phone_number_id": "", "access_token": "t", "base_url": url, "app_secret": "first"}
    return make_channel("whapi", kind="whapi", name="Linked phone", **values)


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ("AUTH", "Linked phone: the connection works. (AUTH)"),
        ("SYNC_ERROR", "Linked phone: the connection works with restrictions. (SYNC_ERROR)"),
        ("QR", "Linked phone: the connection does not work. (QR)"),
        ("?", "Linked phone: nobody can tell whether the connection works. (?)"),
    ],
)
def test_the_connection_is_checked_on_request(whapi: FakeWhapi, health: str, words: str) -> None:
    whapi.configure(health=health)
    channel = whapi_channel(whapi.url)

    assert words in order(signed_in("sessions_app.view_channel"), "check_connection", channel)


def test_each_chosen_channel_has_its_line(whapi: FakeWhapi) -> None:
    channels = (
        whapi_channel(whapi.url),
        make_channel("sim", kind="simulator", phone_number_id=""),
        make_channel("phones", kind="gateway", phone_number_id=""),
        make_channel("former", kind="pigeon", phone_number_id=""),
    )

    page = order(administrator(), "check_connection", *channels)

    assert "Linked phone: the connection works. (AUTH)" in page
    assert "Sim: the connection works." in page
    assert "Phones: nobody can tell whether the connection works. (it reports its sessions by itself)" in page
    assert "Former: nobody can tell whether the connection works. (pigeon)" in page


def test_a_new_secret_is_shown_once_and_the_old_one_still_opens() -> None:
    channel = whapi_channel()
    client = administrator()

    page = order(client, "renew_webhook_secret", channel)

    channel.refresh_from_db()
    assert channel.account().app_secrets == (channel.app_secret, "first")
    assert re.search(r"not shown again: ([\w-]{40,})", page)
    assert channel.app_secret in page
    assert channel.app_secret not in client.get(LIST).content.decode()
    history = reverse("admin:sessions_app_channel_history", args=[channel.pk])
    assert "app secret" in client.get(history).content.decode().lower()


def test_the_secret_of_a_provider_that_signs_is_left_alone() -> None:
    channel = make_channel(name="Tienda", app_secret="of Meta")

    page = order(administrator(), "renew_webhook_secret", channel)

    channel.refresh_from_db()
    assert channel.app_secret == "of Meta"
    assert "Tienda: the provider chooses this secret" in page


def test_who_may_only_look_cannot_renew_it() -> None:
    channel = whapi_channel()

    order(signed_in("sessions_app.view_channel"), "renew_webhook_secret", channel)

    channel.refresh_from_db()
    assert channel.app_secret == "first"


@pytest.mark.parametrize("kind", ["evolution", "waha"])
def test_the_secret_of_a_gateway_is_ours_to_make(kind: str) -> None:
    channel = make_channel("phones", kind=kind, phone_number_id="", app_secret="first")

    page = order(administrator(), "renew_webhook_secret", channel)

    channel.refresh_from_db()
    assert channel.app_secret in page
    assert channel.account().app_secrets == (channel.app_secret, "first")


@pytest.mark.parametrize("kind", ["evolution", "waha"])
def test_a_phone_is_linked_from_the_channel(kind: str) -> None:
    channel = make_channel("phone", kind=kind, phone_number_id="", instance="tienda", base_url="http://gw")
    client = signed_in("sessions_app.view_channel", "sessions_app.view_device", "sessions_app.change_device")

    page = order(client, "link_phone", channel)

    device = Device.objects.get(channel=channel)
    assert (device.session_id, device.order, device.order_state) == ("tienda", "start", "pending")
    assert "Waiting for the gateway’s QR code…" in page
    order(client, "link_phone", channel)
    assert Device.objects.count() == 1


def test_who_may_not_change_sessions_links_no_phone() -> None:
    channel = make_channel("phone", kind="waha", phone_number_id="", instance="tienda", base_url="http://gw")

    order(signed_in("sessions_app.view_channel", "sessions_app.view_device"), "link_phone", channel)

    assert not Device.objects.exists()


def test_a_channel_without_a_linked_phone_says_so() -> None:
    page = order(administrator(), "link_phone", make_channel("shop"))

    assert "no phone is linked to a channel of this kind." in page
