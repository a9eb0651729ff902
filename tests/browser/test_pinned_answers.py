"""Staff look at the kept answers, take one over as a pin, and drop the rest."""

import pytest
from playwright.sync_api import expect

from botsite.caching import process
from conversations.services.assistant_profiles import channel_profile
from conversations.services.response_cache import reply_for
from sessions_app.models import Channel
from tests.browser.conftest import Open, follow, is_within_the_window
from tests.conversations.services.cache_cases import Maker, planned, reply_of
from tests.processes import wait_until

pytestmark = pytest.mark.browser
LIST = "/admin/conversations/pinnedanswer/"


def keep(*questions: str) -> None:
    """Keep an answer to each question for the demonstration's channel."""
    wait_until(process.listener.hears)
    channel = Channel.objects.get(slug="simulator")
    for question in questions:
        plan = planned(channel, question, profile=channel_profile(channel))
        reply_for(plan, Maker(reply_of("Claro que sí.\n" + "Pregunta cuando quieras. " * 8)))


def test_a_kept_answer_is_pinned_and_the_others_are_dropped(open_page: Open) -> None:
    keep("¿Venden pan?", "¿Venden queso?")
    page = open_page(LIST, language="en")
    follow(page.get_by_role("link", name="Answers in the cache"))
    follow(page.get_by_role("link", name="Pin ¿Venden pan?"))
    page.get_by_label("Answer").fill("Todos los días.")
    follow(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("Todos los días.")).to_be_visible()

    follow(page.get_by_role("link", name="Answers in the cache"))
    follow(page.get_by_role("button", name="Drop ¿Venden queso?"))
    expect(page.get_by_text("Dropped. The next who asks gets a new answer.")).to_be_visible()
    expect(page.locator(".answer__question", has_text="¿Venden queso?")).to_have_count(0)
    follow(page.get_by_role("button", name="Drop all of this channel"))
    expect(page.get_by_text("Nothing is kept for this channel.")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_its_window(open_page: Open, width: int, dark: bool) -> None:
    keep("¿Venden pan integral sin azúcar y sin gluten?", "¿Venden queso?")
    page = open_page(f"{LIST}cached/", width=width, dark=dark)

    expect(page.locator(".answer__question", has_text="¿Venden queso?")).to_be_visible()
    assert is_within_the_window(page)
