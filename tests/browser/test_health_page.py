"""The health page in a real browser: on a desk and a phone, light and dark, in both languages."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from monitoring.health.findings import Finding
from monitoring.models import Status
from monitoring.services.health_store import findings_store
from tests.browser.conftest import Open, follow, is_within_the_window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _found(site: str) -> None:
    """Redis has been away for ten minutes; a channel with a long name works."""
    long_name = f"channel:{'la-tienda-' * 4}"
    for minutes_ago, redis in ((20, Status.UP), (10, Status.DOWN), (0, Status.DOWN)):
        findings_store(
            {
                "redis": Finding(redis, "no answer"),
                long_name: Finding(Status.UP),
                "inbox": Finding(Status.UP),
            },
            periods={"redis": 600, long_name: 600, "inbox": 600},
            moment=timezone.now() - timedelta(minutes=minutes_ago),
        )


@pytest.mark.parametrize(
    ("width", "dark", "language"),
    [(1440, False, "en"), (1440, True, "es"), (390, False, "es"), (390, True, "en")],
)
@pytest.mark.usefixtures("_found")
def test_the_health_page_is_legible_everywhere(
    open_page: Open, width: int, dark: bool, language: str
) -> None:
    page = open_page("/dashboard/health/", width=width, dark=dark, language=language)

    expect(page.locator(".health__check")).to_have_count(3)
    expect(page.locator(".health__check").first.locator(".strip__part--down")).to_be_visible()
    assert is_within_the_window(page)
    widths = page.locator(".strip").evaluate_all("strips => strips.map(s => s.getBoundingClientRect().width)")
    assert min(widths) > 250


@pytest.mark.usefixtures("_found")
def test_a_check_leads_to_the_rows_behind_it(open_page: Open) -> None:
    page = open_page("/dashboard/health/", language="en")

    follow(page.get_by_role("link", name="Inbox"))

    assert page.url.endswith("/admin/conversations/message/?direction__exact=in&state=pending")
