"""The dashboard in a real browser: on a desk and a phone, light and dark, and while it renews itself."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from conversations.demo.seed import seed
from monitoring.demo.history import seed_history
from monitoring.models import Alert
from tests.browser.conftest import Open, is_within_the_window
from tests.monitoring.dashboard.builders import make_alert, make_check

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"
# The least contrast of a text with what is behind it, and which text that is.
CONTRAST = """() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(color).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      const alpha = parts(color)[3];
      if (alpha === undefined || alpha === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const kinds = "#content :is(p, a, span, strong, small, th, td, h2, h3, summary, button, text)";
  const texts = document.querySelectorAll(kinds);
  return [...texts].filter((n) => n.textContent.trim() && n.checkVisibility()).map((node) => {
    const style = getComputedStyle(node);
    const [one, other] = [light(node.tagName === "text" ? style.fill : style.color), light(behind(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return [ratio, node.className.baseVal ?? node.className, node.textContent.trim().slice(0, 40)];
  }).sort((a, b) => a[0] - b[0])[0];
}"""
NAMELESS = """() => [...document.querySelectorAll("#content :is(a, button, select, input)")]
  .filter((n) => n.type !== "hidden" && !n.textContent.trim() && !n.labels?.length && !n.ariaLabel)
  .map((n) => n.outerHTML)"""
SMALLEST = """() => Math.min(
  ...[...document.querySelectorAll("svg text")].map((text) => parseFloat(getComputedStyle(text).fontSize)))"""
UNTITLED = """() => [...document.querySelectorAll("#content svg")]
  .filter((svg) => !svg.closest("[aria-hidden]") && !svg.parentElement.closest("svg"))
  .filter((svg) => svg.getAttribute("role") !== "img" || !svg.querySelector("title")).length"""


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """The demonstration with a month of figures; no worker, so that checks and alerts stay as they are."""
    seed()
    seed_history()
    for name in ("database", "redis", "workers", "channel:simulator"):
        make_check(name)
    User.objects.create_superuser("boss", password="a long password")
    return live_server.url


def look_now(page: Page) -> None:
    """Let the page look for news at once, and wait until it has."""
    with page.expect_response(lambda response: "/dashboard/live" in response.url):
        page.evaluate(LOOK_NOW)


@pytest.mark.parametrize(
    ("width", "dark", "language"),
    [(1440, False, "en"), (1440, True, "es"), (390, False, "es"), (390, True, "en")],
)
def test_it_is_legible_everywhere(open_page: Open, width: int, dark: bool, language: str) -> None:
    make_alert()
    page = open_page("/dashboard/", width=width, dark=dark, language=language)
    page.locator("#technical-details summary").click()

    expect(page.locator(".verdict--down")).to_be_visible()
    expect(page.locator("[data-chart]")).to_have_count(7)
    assert is_within_the_window(page)
    assert page.evaluate(CONTRAST)[0] >= 4.5, page.evaluate(CONTRAST)
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(UNTITLED) == 0
    assert page.evaluate(SMALLEST) >= 11


def test_it_renews_itself_and_leaves_the_reader_alone(open_page: Open) -> None:
    page = open_page("/dashboard/", language="en")
    page.locator("#technical-details summary").click()
    chart = page.locator("#chart-races")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    told = chart.locator("[data-tip]").inner_text()
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0

    make_alert()
    look_now(page)

    expect(page.locator(".verdict--down")).to_have_text("1 critical alert needs somebody now.")
    expect(page.locator("#technical-details")).to_have_attribute("open", "")
    expect(chart).to_be_focused()
    expect(chart.locator("[data-tip]")).to_have_text(told)


def test_nothing_new_changes_nothing_on_the_page(open_page: Open) -> None:
    page = open_page("/dashboard/", language="en")
    page.evaluate("document.querySelector('#messages .tile').dataset.mine = 'kept'")

    look_now(page)

    expect(page.locator("#messages .tile[data-mine=kept]")).to_have_count(1)


def test_an_old_page_says_so_and_recovers(open_page: Open) -> None:
    page = open_page("/dashboard/", language="en")
    fresh = page.locator("[data-fresh]")

    page.context.set_offline(True)
    page.evaluate(LOOK_NOW)
    expect(fresh).to_contain_text("Not current, no answer since")

    page.context.set_offline(False)
    look_now(page)
    expect(fresh).to_contain_text("Last looked at")


def test_when_the_session_has_ended_the_page_leads_to_the_login(open_page: Open) -> None:
    page = open_page("/dashboard/", language="en")
    page.context.clear_cookies()

    with page.expect_navigation(url="**/login/**"):
        page.evaluate(LOOK_NOW)


def test_an_alert_is_acknowledged(open_page: Open) -> None:
    alert = make_alert("warning")
    page = open_page("/dashboard/?range=7d", language="en", width=390)

    with page.expect_navigation():
        page.get_by_role("button", name="Acknowledge").click()

    expect(page.locator("#alerts")).to_contain_text("seen by boss")
    expect(page.locator(".ranges [aria-current]")).to_have_text("7 d")
    alert.refresh_from_db()
    assert Alert.objects.get(pk=alert.pk).acknowledged_by == "boss"


def test_a_chart_tells_its_values_to_pointer_and_keyboard(open_page: Open) -> None:
    page = open_page("/dashboard/", language="en")
    chart = page.locator("#chart-messages")
    tip = chart.locator("[data-tip]")

    chart.locator(".chart__spot").nth(5).hover()
    expect(tip).to_contain_text("received")
    first = tip.inner_text()
    page.locator("h1").hover()
    expect(tip).to_be_hidden()

    chart.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(tip).to_be_visible()
    assert tip.inner_text() != first


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_past_days_fit_and_are_downloaded(open_page: Open, width: int, dark: bool) -> None:
    page = open_page("/dashboard/sessions/", width=width, dark=dark, language="en")

    expect(page.locator("#chart-talks")).to_be_visible()
    assert is_within_the_window(page)
    assert page.evaluate(CONTRAST)[0] >= 4.5, page.evaluate(CONTRAST)
    assert page.evaluate(NAMELESS) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename.startswith("sessions-")
