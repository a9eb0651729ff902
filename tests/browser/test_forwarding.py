"""The page of forwards in a real browser: on a desk and a phone, light and dark, in both languages."""

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from sessions_app.models import Forward, ForwardState
from tests.browser.conftest import Open, follow, is_within_the_window
from tests.sessions_app.services.builders import apply, code, gateway, status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/sessions_app/forward/"


@pytest.fixture
def _forwards(site: str, settings: Settings) -> None:
    """Forty sessions that wait, and one whose status Laravel refused."""
    settings.LARAVEL_API_URL = "http://127.0.0.1:1/api"
    channel = gateway()
    apply(channel, *(status("active", f"session-{number:02}") for number in range(40)), code("2@x"))
    refused = Forward.objects.filter(device__session_id="session-07")
    refused.update(state=ForwardState.PARKED, error="HTTP 422: The selected status is invalid. " * 4)


@pytest.mark.parametrize(
    ("width", "dark", "language"),
    [(1440, False, "en"), (1440, True, "es"), (390, False, "es"), (390, True, "en")],
)
@pytest.mark.usefixtures("_forwards")
def test_forwards_are_legible_everywhere(open_page: Open, width: int, dark: bool, language: str) -> None:
    page = open_page(PAGE, width=width, dark=dark, language=language)

    expect(page.locator(".verdict--held")).to_be_visible()
    expect(page.locator(".card .badge--pending")).to_have_count(2)
    expect(page.locator(".card .badge--parked")).to_have_count(1)
    assert is_within_the_window(page)


@pytest.mark.usefixtures("_forwards")
def test_what_was_parked_is_found_and_sent_again(open_page: Open) -> None:
    page = open_page(PAGE, language="en")

    follow(page.locator(".card .badge--parked"))
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("replay")
    follow(page.locator(".actions button[type=submit]"))

    expect(page.locator(".messagelist")).to_contain_text("1 item goes with the next batch.")
    expect(page.locator(".card .badge--parked")).to_have_count(0)
