"""The pictures of docs/dashboard.md, made anew: `python -m pytest tests/browser/screenshots.py -n 0`."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_dashboard import site
from tests.monitoring.dashboard.builders import make_alert, make_check

__all__ = ("site",)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
HEIGHTS = {1440: 1250, 390: 1100}


def test_pictures(open_page: Open) -> None:
    make_alert("warning")
    for name in ("broker", "beat", "llm:deepseek", "llm:openai", "inbox", "outbox", "memory", "disk"):
        make_check(name)
    for width, height in HEIGHTS.items():
        for dark in (False, True):
            for language in ("es", "en"):
                page = open_page("/dashboard/", width=width, dark=dark, language=language)
                page.set_viewport_size({"width": width, "height": height})
                expect(page.locator("[data-chart]").first).to_be_visible()
                name = f"dashboard-{width}-{'dark' if dark else 'light'}-{language}.png"
                page.screenshot(path=IMAGES / name)
                page.context.close()  # its polling would hold a connection of the database
