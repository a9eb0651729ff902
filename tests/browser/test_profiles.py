"""Staff write a version of the assistant's profile and try it before customers see it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, follow, is_within_the_window

pytestmark = pytest.mark.browser
LIST = "/admin/conversations/assistantprofile/"


def test_a_draft_is_tried_compared_and_put_to_use(open_page: Open) -> None:
    page = open_page(LIST, language="en")
    page.get_by_role("link", name="Casa Sol").click()
    page.get_by_label("Instructions").fill("Eres Luna.")
    page.get_by_label("Monday").fill("9-5")
    page.get_by_role("button", name="Save as a draft and try it").click()
    expect(page.get_by_text("“9-5” is no opening time")).to_be_visible()
    page.get_by_label("Monday").fill("9:00-17:00")
    page.get_by_role("button", name="Save as a draft and try it").click()

    expect(page.get_by_text("Here you try version 2 of the profile for Casa Sol")).to_be_visible()
    page.get_by_placeholder("Write a message").fill("hola")
    page.keyboard.press("Enter")
    expect(page.get_by_text("¿En qué te puedo ayudar?")).to_be_visible()

    page.goto(LIST)
    page.get_by_role("link", name="Casa Sol").click()
    page.get_by_role("link", name="version 2").click()
    expect(page.locator("ins").first).to_have_text("Eres Luna.")
    page.get_by_role("button", name="Use this version").click()
    expect(page.get_by_text("Version 2 is in use.")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_fit_their_window(open_page: Open, width: int, dark: bool) -> None:
    page = open_page(LIST, width=width, dark=dark)
    assert is_within_the_window(page)
    follow(page.get_by_role("link", name="Casa Sol"))
    assert is_within_the_window(page)
    day = page.locator("#id_mon").bounding_box()
    card = page.locator("fieldset.hours").bounding_box()
    assert day is not None
    assert card is not None
    assert day["x"] + day["width"] <= card["x"] + card["width"]
    follow(page.locator(".versions a").first)
    assert is_within_the_window(page)
