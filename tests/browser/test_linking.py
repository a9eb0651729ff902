"""Staff link a phone: orders reach the gateway, its QR code and its news come back to the session's page."""

import json
import re
from collections.abc import Callable, Mapping
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from sessions_app.models import Channel
from tests.browser.conftest import Open, follow
from tests.conversations.builders import make_channel
from tests.fakes import evolution as evolution_fake
from tests.fakes import waha as waha_fake
from tests.fakes.evolution import FakeEvolution
from tests.fakes.waha import FakeWaha

pytestmark = pytest.mark.browser
SECRET = "s3cret"
CHANNELS = "/admin/sessions_app/channel/"
Deliver = Callable[[object, Mapping[str, str]], None]


@pytest.fixture
def deliver(site: str) -> Deliver:
    """Post a webhook of the channel `phone` to the running site."""

    def post(body: object, headers: Mapping[str, str]) -> None:
        data = json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "X-Webhook-Secret": SECRET, **headers}
        with urlopen(Request(f"{site}/webhook/phone", data, sent), timeout=10) as reply:
            assert reply.status == 200

    return post


def link_phone(open_page: Open, kind: str, base_url: str) -> Page:
    """Choose "Link a phone" for a new channel of the instance `tienda`; returns the session's page."""
    values = {"phone_number_id": "", "access_token": "t", "app_secret": SECRET, "base_url": base_url}
    channel: Channel = make_channel("phone", kind=kind, instance="tienda", **values)
    page = open_page(CHANNELS, language="en")
    page.locator(f'input.action-select[value="{channel.pk}"]').check()
    page.locator('select[name="action"]').select_option("link_phone")
    follow(page.locator('.actions button[type="submit"]'))
    expect(page).to_have_url(re.compile("/sessions_app/device/"))
    return page


def order(page: Page, button: str, result: str) -> None:
    """Press a button of the session's page and wait until the page tells that it was carried out."""
    follow(page.get_by_role("button", name=button, exact=True))
    expect(page.locator(".qr__order")).to_contain_text(re.compile(rf"{result},\s+done"))


def test_a_phone_is_linked_restarted_and_unlinked_at_evolution(
    open_page: Open, evolution: FakeEvolution, deliver: Deliver
) -> None:
    page = link_phone(open_page, "evolution", evolution.url)
    expect(page.get_by_role("img", name="QR code to link the phone")).to_be_visible()
    assert evolution.asked()[0] == "create"
    first = page.locator(".qr__code").inner_html()

    newer = {"qrcode": {"code": "2@newer", "base64": ""}}
    deliver(evolution_fake.webhook("qrcode.updated", newer, instance="tienda"), {})
    expect(page.locator(".qr__code")).not_to_have_js_property("innerHTML", first)

    evolution.set_state("tienda", "open")
    deliver(evolution_fake.webhook("connection.update", {"state": "open"}, instance="tienda"), {})
    expect(page.get_by_text("This session is linked.")).to_be_visible()

    order(page, "Restart", "restart")
    assert evolution.asked()[-1] == "restart"
    deliver(evolution_fake.webhook("connection.update", {"state": "open"}, instance="tienda"), {})
    expect(page.get_by_text("This session is linked.")).to_be_visible()

    order(page, "Log the session out", "log out")
    assert evolution.asked()[-1] == "logout"
    expect(page.get_by_text("This session is not linked; start it for a new QR code.")).to_be_visible()

    order(page, "Start the session", "start")
    expect(page.get_by_role("img", name="QR code to link the phone")).to_be_visible()


def test_a_phone_is_linked_restarted_and_unlinked_at_waha(
    open_page: Open, waha: FakeWaha, deliver: Deliver
) -> None:
    def report(status: str) -> None:
        waha.set_status("tienda", status)
        body = waha_fake.webhook("session.status", {"status": status}, session="tienda")
        deliver(body, {})

    page = link_phone(open_page, "waha", waha.url)
    expect(page.locator(".qr__order")).to_contain_text(re.compile(r"start,\s+done"))
    assert waha.asked()[:2] == ["start", "create"]

    report("SCAN_QR_CODE")  # it has a code, which has to be asked for
    expect(page.get_by_role("img", name="QR code to link the phone")).to_be_visible()
    assert "qr" in waha.asked()

    report("WORKING")
    expect(page.get_by_text("This session is linked.")).to_be_visible()

    order(page, "Restart", "restart")
    assert "restart" in waha.asked()
    report("WORKING")
    expect(page.get_by_text("This session is linked.")).to_be_visible()

    order(page, "Log the session out", "log out")
    assert "logout" in waha.asked()
    expect(page.get_by_text("This session is not linked; start it for a new QR code.")).to_be_visible()


def test_the_code_comes_without_any_webhook_while_somebody_watches(open_page: Open, waha: FakeWaha) -> None:
    page = link_phone(open_page, "waha", waha.url)
    expect(page.locator(".qr__order")).to_contain_text(re.compile(r"start,\s+done"))

    waha.set_status("tienda", "SCAN_QR_CODE")

    expect(page.get_by_role("img", name="QR code to link the phone")).to_be_visible()
