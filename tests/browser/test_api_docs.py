"""The API's page in the browser, under the site's Content Security Policy."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser


def test_the_calls_are_listed_and_can_be_unfolded(open_page: Open) -> None:
    page = open_page("/api/docs", signed_in=False)

    expect(page.locator(".opblock-summary-path", has_text="/update-user")).to_be_visible()
    page.locator("#operations-messages-messages_create .opblock-summary-control").click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
    expect(page.get_by_text("Scope: messages:write")).to_be_visible()
