"""Staff watch a session's QR code until the phone is linked, and have it logged out."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sessions_app.models import Channel, Device, QrCode
from sessions_app.providers.base import DeviceEvent
from sessions_app.services.devices import events_apply
from tests.browser.conftest import Open, follow, is_within_the_window
from tests.conversations.builders import make_channel

pytestmark = pytest.mark.browser
LIST = "/admin/sessions_app/device/"


def report(channel: Channel, **values: str) -> Device:
    events_apply(channel, [DeviceEvent("phone-1", **values)])  # type: ignore[arg-type]  # texts alone
    return Device.objects.get(session_id="phone-1")


def test_the_code_is_shown_replaced_expired_and_linked_without_a_reload(open_page: Open) -> None:
    channel = make_channel("gateway", kind="gateway", phone_number_id="")
    report(channel, status="pending", qr="2@first")
    page = open_page(LIST, language="en")
    follow(page.get_by_role("link", name="phone-1"))
    expect(page.get_by_role("img", name="QR code to link the phone")).to_be_visible()
    expect(page.locator("[data-seconds]")).to_have_text(re.compile("[1-9]"))
    first = page.locator(".qr__code").inner_html()

    report(channel, qr="2@second")
    expect(page.locator(".qr__code")).not_to_have_js_property("innerHTML", first)

    QrCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expect(page.get_by_text("This QR code has expired; a new one is on its way.")).to_be_visible()

    report(channel, qr="2@third", status="active")
    expect(page.get_by_text("This session is linked.")).to_be_visible()
    expect(page.locator(".qr__code")).to_have_count(0)


def test_the_seconds_count_down_to_the_end(open_page: Open) -> None:
    channel = make_channel("gateway", kind="gateway", phone_number_id="")
    device = report(channel, qr="2@first")
    QrCode.objects.update(expires_at=timezone.now() + timedelta(seconds=6))

    page = open_page(f"{LIST}{device.pk}/change/", language="en")

    expect(page.get_by_text("This QR code has expired; a new one is on its way.")).to_be_visible()


def test_an_order_is_carried_out_by_a_worker_and_its_result_shown(open_page: Open) -> None:
    channel = make_channel("shop-phone", kind="cloud_api", phone_number_id="77")  # nobody can be asked
    device = report(channel, status="active")
    page = open_page(f"{LIST}{device.pk}/change/", language="en")

    follow(page.get_by_role("button", name="Log the session out"))

    expect(page.get_by_text("The gateway is being asked")).to_be_visible()
    expect(page.get_by_text("this channel has no gateway that can be asked")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_fit_their_window(open_page: Open, width: int, dark: bool) -> None:
    channel = make_channel("gateway", kind="gateway", phone_number_id="")
    device = report(channel, status="pending", qr="2@" + "x" * 230)
    page = open_page(LIST, width=width, dark=dark)
    assert is_within_the_window(page)
    page.goto(f"{LIST}{device.pk}/change/")
    expect(page.locator(".qr__code")).to_be_visible()
    assert is_within_the_window(page)
