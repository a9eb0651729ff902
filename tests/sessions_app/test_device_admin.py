"""Device sessions in the admin: who sees what, the QR code live, and orders to the gateway."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import Channel, Device, QrCode
from tests.sessions_app.services.builders import apply, code, device, gateway, status
from tests.staff import administrator, signed_in

LIST = reverse("admin:sessions_app_device_changelist")
VIEW, CODE, CHANGE = "sessions_app.view_device", "sessions_app.view_qrcode", "sessions_app.change_device"
EXPIRED = "This QR code has expired; a new one is on its way."
PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return gateway()


def page(client: Client) -> str:
    response = client.get(reverse("admin:sessions_app_device_change", args=[device().pk]))
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    return str(response.content.decode())


def live(client: Client, etag: str = "") -> tuple[int, str, str]:
    """Returns status, part of the page, and its ETag."""
    address = reverse("admin:sessions_app_device_live", args=[device().pk])
    response = client.get(address, headers={"if-none-match": etag})
    assert "no-store" in response.headers["Cache-Control"]
    return response.status_code, response.content.decode(), response.headers["ETag"]


def test_the_list_says_in_words_how_sessions_are(channel: Channel) -> None:
    apply(
        channel,
        status("active", "s1"),
        status("inactive", "s2"),
        status("pending", "s3"),
        status("odd", "s4"),
    )

    shown = administrator().get(LIST).content.decode()

    for badge, word in (
        ("up", "linked"),
        ("down", "not linked"),
        ("pending", "waiting to be linked"),
        ("other", "odd"),
    ):
        assert f'<span class="badge badge--{badge}">{word}</span>' in shown
    assert "just now" in shown


def test_the_list_can_be_searched_and_filtered_at_a_fixed_cost(channel: Channel) -> None:
    apply(channel, *(status("active", f"s{number}") for number in range(30)))
    Device.objects.filter(session_id="s7").update(owner="ana")
    client = administrator()

    found = client.get(LIST, {"q": "ana", "status": "active"}).content.decode()
    assert ">s7</a>" in found
    assert ">s8</a>" not in found
    with CaptureQueriesContext(connection) as captured:
        client.get(LIST)
    assert len(captured) <= 12


@pytest.mark.parametrize(
    ("chosen", "found"),
    [("active", {"s1"}), ("pending", {"s3"}), ("other", {"s4"}), ("", {"s1", "s2", "s3", "s4"})],
)
def test_the_list_is_filtered_by_what_statuses_mean(channel: Channel, chosen: str, found: set[str]) -> None:
    apply(
        channel,
        status("active", "s1"),
        status("inactive", "s2"),
        status("pending", "s3"),
        status("odd", "s4"),
    )

    response = administrator().get(LIST, {"status": chosen} if chosen else {})

    assert {row.session_id for row in response.context["cl"].result_list} == found
    assert "waiting to be linked</a>" in response.content.decode()


def test_the_code_is_drawn_for_who_may_see_it(channel: Channel) -> None:
    apply(channel, code("2@secret-code"))

    shown = page(signed_in(VIEW, CODE))

    assert "<svg" in shown.split("qr__live")[1]
    assert "Seconds left:" in shown
    assert "secret-code" not in shown


def test_a_code_that_came_as_a_picture_is_shown_as_one(channel: Channel) -> None:
    apply(channel, code(PICTURE))

    assert f'src="{PICTURE}"' in live(administrator())[1]


def test_who_lacks_the_permission_sees_no_code(channel: Channel) -> None:
    apply(channel, code(PICTURE))
    client = signed_in(VIEW)

    for shown in (page(client), live(client)[1]):
        assert "There is a QR code, but you may not see it." in shown
        assert "base64" not in shown


def test_nobody_else_sees_anything(channel: Channel) -> None:
    apply(channel, code("2@abc"))
    address = reverse("admin:sessions_app_device_live", args=[device().pk])

    assert signed_in(CODE).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_what_has_not_changed_is_not_sent_again(channel: Channel) -> None:
    apply(channel, code("2@abc"))
    client = administrator()
    _, _, etag = live(client)

    assert live(client, etag)[:2] == (304, "")
    apply(channel, code("2@def"))
    assert live(client, etag)[0] == 200


def test_an_expired_code_is_not_shown(channel: Channel) -> None:
    apply(channel, code("2@abc"))
    client = administrator()
    _, _, etag = live(client)
    QrCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answered, shown, _ = live(client, etag)

    assert answered == 200
    assert EXPIRED in shown
    assert "<svg" not in shown


def test_a_code_of_before_the_log_out_is_not_shown(channel: Channel) -> None:
    apply(channel, code("2@abc"), status("inactive"))
    client = administrator()

    assert "start it for a new QR code" in live(client)[1]
    assert "<svg" not in live(client)[1]
    apply(channel, code("2@def"))
    assert "<svg" in live(client)[1]


def test_a_linked_session_says_so_and_shows_no_code(channel: Channel) -> None:
    apply(channel, code("2@abc"), status("active"))

    _, shown, _ = live(administrator())

    assert "This session is linked." in shown
    assert "<svg" not in shown


def test_a_gateways_words_are_no_markup(channel: Channel) -> None:
    apply(channel, status("<b>odd</b>", "<i>s</i>"))

    client = administrator()
    for address in (LIST, reverse("admin:sessions_app_device_change", args=[Device.objects.get().pk])):
        shown = client.get(address).content.decode()
        assert "<b>odd" not in shown
        assert "<i>s" not in shown


@pytest.mark.parametrize(
    ("order", "words"), [("start", "start"), ("restart", "restart"), ("log_out", "log out")]
)
def test_staff_order_and_see_how_it_stands(channel: Channel, order: str, words: str) -> None:
    apply(channel, status("active"))
    client = signed_in(VIEW, CHANGE)

    address = reverse("admin:sessions_app_device_order", args=[device().pk])
    shown = client.post(address, {"order": order}, follow=True).content.decode()

    assert (device().order, device().order_state) == (order, "pending")
    assert f"{words}," in shown
    Device.objects.update(order_state="failed", order_error="http_500: <busy>")
    assert "http_500: &lt;busy&gt;" in live(client)[1]


def test_who_may_only_look_orders_nothing(channel: Channel) -> None:
    apply(channel, status("active"))
    client = signed_in(VIEW)
    address = reverse("admin:sessions_app_device_order", args=[device().pk])

    assert client.post(address, {"order": "restart"}).status_code == 403
    assert ">Restart<" not in page(client)
    assert administrator().get(address).status_code == 405
    assert device().order == ""


@pytest.mark.parametrize("order", ["", "explode"])
def test_there_are_no_other_orders(channel: Channel, order: str) -> None:
    apply(channel, status("active"))
    client = administrator()

    shown = client.post(
        reverse("admin:sessions_app_device_order", args=[device().pk]), {"order": order}, follow=True
    )

    assert "There is no such order." in shown.content.decode()
    assert device().order == ""
