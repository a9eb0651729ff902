"""A real browser before the real pages, with a real worker behind them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as site_settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from conversations.demo.seed import seed
from tests.processes import database_url_of_tests, wait_until

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEADLINE_MS = 15_000
EXPECTED_WHEN_OFFLINE = "net::ERR_INTERNET_DISCONNECTED"

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the tests themselves are as synchronous as ever.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=DEADLINE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def worker(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """`celery worker` on the test database, as in production; gone before other folders' tests begin."""
    own = {"SEND_PAIR_SECONDS": "0", "WATCH": "0"}
    environment = os.environ | own | {"DATABASE_URL": database_url_of_tests()}
    log = tmp_path_factory.mktemp("worker") / "output"
    command = [sys.executable, "-m", "celery", "-A", "botsite", "worker", "-P", "threads", "-c", "2"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=site_settings.BASE_DIR, stdout=output, stderr=output
        )
        try:
            wait_until(lambda: "BOT_INITIALIZED" in log.read_text(), seconds=30)
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture
def site(live_server: LiveServer, worker: None, settings: Settings) -> str:
    """The address of the site with the demonstration loaded; its customers are answered at once."""
    settings.BUFFER_SECONDS = 0
    seed()
    User.objects.create_superuser("boss", password="a long password")
    return live_server.url


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Open]:
    """Open an address of the site in a new window, signed in unless told otherwise.

    The test fails when a page broke its Content Security Policy or its script had an error.
    """
    complaints: list[str] = []
    contexts = []

    def open_window(
        path: str, *, width: int = 1440, dark: bool = False, language: str = "es", signed_in: bool = True
    ) -> Page:
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale=language,
        )
        contexts.append(context)
        context.set_default_timeout(DEADLINE_MS)
        if signed_in:
            context.add_cookies([{"name": "sessionid", "value": _session(), "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(path)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert [text for text in complaints if EXPECTED_WHEN_OFFLINE not in text] == []


def _session() -> str:
    client = Client()
    client.force_login(User.objects.get(username="boss"))
    return client.cookies["sessionid"].value


def follow(link: Locator) -> None:
    """Click, and wait until the page behind it is there."""
    with link.page.expect_navigation():
        link.click()


def is_within_the_window(page: Page) -> bool:
    """Whether nothing makes the page wider than the window."""
    within: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return within
