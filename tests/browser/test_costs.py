"""The page of costs in a real browser: on a desk and a phone, light and dark, in both languages."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conversations.models import Run, Thread
from conversations.services import budgets
from tests.browser.conftest import Open, is_within_the_window
from tests.conversations.services.budget_builders import make_budget

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _costs(site: str) -> None:
    """A run of today that has cost 80 percent of its channel's budget."""
    thread = Thread.objects.select_related("user__channel").latest("pk")
    channel = thread.user.channel
    make_budget(channel, daily="1")
    run = Run.objects.create(
        thread=thread,
        epoch=1,
        state="completed",
        finished_at=timezone.now(),
        provider="openai",
        cost_usd=Decimal("0.8"),
        baseline_usd=Decimal(4),
    )
    budgets.settle(run.pk, Decimal("0.8"), channel_id=channel.pk)


@pytest.mark.parametrize(
    ("width", "dark", "language"),
    [(1440, False, "en"), (1440, True, "es"), (390, False, "es"), (390, True, "en")],
)
@pytest.mark.usefixtures("_costs")
def test_costs_are_legible_everywhere(open_page: Open, width: int, dark: bool, language: str) -> None:
    page = open_page("/admin/conversations/run/costs/", width=width, dark=dark, language=language)

    expect(page.locator(".tile__value").first).to_have_text("US$0,8000" if language == "es" else "US$0.8000")
    expect(page.locator(".rows .badge--held")).to_have_count(1)
    expect(page.locator(".costs__chart svg rect.costs__cost").last).to_be_visible()
    assert is_within_the_window(page)


@pytest.mark.usefixtures("_costs")
def test_a_table_of_costs_is_downloaded(open_page: Open) -> None:
    page = open_page("/admin/conversations/run/costs/", language="en")

    with page.expect_download() as download:
        page.locator(".costs__downloads a").first.click()

    assert download.value.suggested_filename.startswith("costs-provider-")
    assert "openai" in download.value.path().read_text(encoding="utf-8-sig")
