"""The dashboard: figures that are counted, links to the rows behind them, and honest blanks."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.models import Author, Message, OutboundState, Run, WhatsAppUser
from conversations.services.messages import outbound_append
from monitoring.dashboard import stored
from monitoring.dashboard.figures import figures
from monitoring.dashboard.ranges import range_named
from monitoring.dashboard.sections.panels import per_minute
from monitoring.models import Alert, SecurityEvent
from monitoring.services.series import Point, Window
from tests.conversations.builders import make_channel, receive
from tests.monitoring.dashboard.builders import (
    count_minute,
    make_alert,
    make_check,
    make_run,
    sample_labelled,
    sample_minute,
    time_minute,
)
from tests.safety.pages import member_of
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
UNKNOWN_AT_FIRST = (
    "Received",
    "Answered",
    "Answer time, median",
    "Conversations now",
    "Saved",
    "Response time of models",
    "Fallback answers",
    "Breaker trips of models",
    "Breaker trips of other services",
    "Time in the shop, mean",
    "High-token threads",
    "Memory used",
    "Requests",
    "Requests a minute",
    "Requests answered",
    "Requests refused",
    "Requests failed",
    "Request time, median",
    "Request time, slowest 1 %",
    "Function calls",
    "Function calls done",
    "Function time, mean",
)
TILE = r'tile__label">{}</p>\s*<p class="tile__value[^"]*">([^<]*)<'


@pytest.fixture
def user() -> WhatsAppUser:
    """A customer with one answered question and its answer, on a site that is well."""
    user = receive(make_channel(), "hola")
    Message.objects.update(state="answered")
    WhatsAppUser.objects.update(turn_due_at=None)
    outbound_append(user, "¡Hola!", author=Author.ASSISTANT, state=OutboundState.READ)
    make_check("database")
    make_check("redis")
    return user


def page_of(client: Client, chosen: str = "1h") -> str:
    response = client.get("/dashboard/", {"range": chosen})
    assert response.status_code == 200
    return response.content.decode()


def tile(page: str, label: str) -> str:
    """The number on the tile with that label."""
    found = re.search(TILE.format(re.escape(label)), page)
    assert found, label
    return found[1]


def test_all_is_well_when_everything_is_answered(user: WhatsAppUser) -> None:
    page = page_of(administrator())

    assert "All is well: every message is answered." in page
    assert page.count("badge--up") == 2
    assert tile(page, "Customers who wrote") == "1"


def test_what_was_counted_is_shown(user: WhatsAppUser) -> None:
    count_minute(
        2, webhook_messages_total__shop__accepted=1200, turns_total__answered=900, race_errors_total=3
    )
    time_minute("turn_seconds", 2.0, 10)
    sample_minute("high_token_threads", 7)

    page = page_of(administrator())

    assert tile(page, "Received") == "1,200"
    assert tile(page, "Answered") == "900"
    assert tile(page, "Race errors") == "3"
    assert tile(page, "High-token threads") == "7"
    assert tile(page, "Answer time, median").startswith(("1.", "2."))
    assert 'id="chart-messages" data-chart' in page


def test_a_rate_is_of_the_whole_first_step_and_of_what_is_past_of_the_last(user: WhatsAppUser) -> None:
    now = timezone.now().replace(minute=30, second=0, microsecond=0)
    window = Window(now - timedelta(hours=24), now)
    hour = timedelta(hours=1)
    found = replace(figures(range_named("24h"), "mark"), window=window)
    first, last = now - timedelta(hours=24, minutes=30), now - timedelta(minutes=30)

    rates = per_minute([Point(first, 120), Point(last, 60), Point(now, None)], hour, found)

    assert [point.value for point in rates] == [2, 2, None]


def test_what_is_not_known_is_a_dash_and_an_empty_chart(user: WhatsAppUser) -> None:
    page = page_of(administrator())

    for label in UNKNOWN_AT_FIRST:
        assert tile(page, label) == "–", label
    assert "Nothing is known of the last minutes." in page
    assert 'id="chart-messages">' in page
    assert "Nothing is known of this time yet." in page
    assert "No rates and times are known yet" in page


def test_figures_that_nobody_renewed_are_shown_as_old(user: WhatsAppUser) -> None:
    count_minute(10, race_errors_total=1)

    assert "Rates and times are known until" in page_of(administrator())


def test_a_cache_layer_has_its_hit_rate(user: WhatsAppUser) -> None:
    count_minute(
        cache_requests_total__client_data__redis__hit=75,
        cache_requests_total__client_data__redis__miss=25,
        cache_requests_total__client_data__process__miss=100,
    )

    assert "<td>100</td><td>75 %</td>" in page_of(administrator())


def test_who_answered_is_shared_among_providers_and_kept_answers(user: WhatsAppUser) -> None:
    count_minute(
        ai_requests_total__openai__ok=60,
        ai_requests_total__openai__unavailable=20,
        ai_response_cache_total__hit=20,
        ai_response_cache_total__miss=60,
    )

    page = page_of(administrator())

    assert re.findall(r"</svg>(openai|kept answers) <strong>([^<]*%)<", page) == [
        ("openai", "75 %"),
        ("kept answers", "25 %"),
    ]
    assert tile(page, "Answered from the cache") == "25 %"
    assert "<td>80</td><td>75 %</td>" in page


def test_a_repeated_function_call_counts_as_done(user: WhatsAppUser) -> None:
    count_minute(
        function_calls_total__add_to_cart__ok=6,
        function_calls_total__add_to_cart__repeated=1,
        function_calls_total__add_to_cart__failed=1,
    )

    time_minute("function_seconds", 0.2, 4, labels=("add_to_cart",))

    page = page_of(administrator())

    assert '<th scope="row">add_to_cart</th><td>8</td><td>12.5 %</td><td>0.20 s</td><td>0.' in page
    assert tile(page, "Function calls") == "8"
    assert tile(page, "Function calls done") == "87.5 %"
    assert tile(page, "Function time, mean") == "0.20 s"


def test_requests_are_shown_with_what_failed_of_them(user: WhatsAppUser) -> None:
    count_minute(http_requests_total__webhook__2xx=90, http_requests_total__webhook__4xx=8)
    count_minute(2, http_requests_total__webhook__5xx=2)
    time_minute("http_request_seconds", 0.5, 100, labels=("webhook",))

    page = page_of(administrator())

    assert tile(page, "Requests") == "100"
    assert "2 % failed" in page
    assert tile(page, "Requests a minute") == "50"
    counted = [tile(page, f"Requests {ended}") for ended in ("answered", "refused", "failed")]
    assert counted == ["90", "8", "2"]
    for part in ("median", "slowest 5 %", "slowest 1 %"):
        assert tile(page, f"Request time, {part}").startswith("0."), part
    assert '<th scope="row">webhook</th><td>100</td><td>2 %</td><td>0.50 s</td><td>0.' in page


def test_runs_are_shown_by_model_with_what_fell_back_and_was_saved(user: WhatsAppUser) -> None:
    for _ in range(6):
        make_run("openai", "gpt-x")
    make_run("cache", saved_usd="2.5")
    make_run("offline", degraded=True)
    make_run("", state="failed")
    make_run("offline", state="active")
    Run.objects.filter(pk=make_run("openai").pk).update(started_at=timezone.now() - timedelta(hours=2))

    page = page_of(administrator())

    assert '<th scope="row">gpt-x <small>openai</small></th><td>6</td><td>75 %</td>' in page
    assert '<th scope="row">kept answers</th><td>1</td><td>12.5 %</td>' in page
    assert '<th scope="row">without a model</th><td>1</td><td>12.5 %</td>' in page
    assert tile(page, "Fallback answers") == "12.5 %"
    assert "1 of 8 runs" in page
    assert tile(page, "Saved by kept answers") == "US$2.50"


def test_of_too_many_runs_the_latest_are_looked_at(
    user: WhatsAppUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("openai", "gpt-old")
    for _ in range(3):
        make_run("offline", degraded=True)
    monkeypatch.setattr(stored, "COUNT_LIMIT", 3)

    page = page_of(administrator())

    assert "gpt-old" not in page
    assert "3 of the latest 3 runs" in page
    assert "<small>of the latest 3 runs</small>" in page


def test_how_fast_models_are_and_how_often_they_were_left_alone(user: WhatsAppUser) -> None:
    count_minute(
        ai_requests_total__openai__ok=2,
        **{"circuit_trips_total__llm:openai": 2, "circuit_trips_total__laravel": 1},
    )
    time_minute("ai_request_seconds", 3.0, 2, labels=("openai",))

    page = page_of(administrator())

    assert tile(page, "Response time of models") == "3 s"
    assert '<th scope="row">openai</th><td>2</td><td>100 %</td><td>3 s</td><td>' in page
    assert tile(page, "Breaker trips of models") == "2"
    assert tile(page, "Breaker trips of other services") == "1"


def test_conversations_of_now_and_how_long_customers_shop(user: WhatsAppUser) -> None:
    sample_minute("active_conversations", 4)
    time_minute("shop_session_seconds", 540, 2)

    page = page_of(administrator())

    assert tile(page, "Conversations now") == "4"
    assert tile(page, "Time in the shop, mean") == "9.0 min"


def test_processes_are_shown_with_what_they_use(user: WhatsAppUser) -> None:
    sample_labelled(
        {
            "processes": {("web",): 2, ("beat",): 0},
            "process_memory_bytes": {("web",): 3 * 1024**2},
            "process_cpu_percent": {("web",): 12.5},
            "process_uptime_seconds": {("web",): 7300},
            "host_memory_percent": {("one",): 40, ("other",): 71.5},
        }
    )

    page = page_of(administrator()).replace("\xa0", " ")

    assert '<th scope="row">web server</th><td>2</td><td>3.0 MB</td><td>12.5 %</td><td>2 hours</td>' in page
    assert '<th scope="row">scheduler (beat)</th><td>0</td><td>–</td><td>–</td><td>–</td>' in page
    assert tile(page, "Memory used") == "71.5 %"
    assert "on other, the fullest machine" in page


def test_the_pages_of_past_days_begin_with_the_range(user: WhatsAppUser) -> None:
    page = page_of(administrator(), "7d")

    first = timezone.localdate(timezone.now() - timedelta(days=7)).isoformat()
    assert f'href="/dashboard/sessions?since={first}"' in page
    assert f'href="{reverse("admin:costs")}?since={first}"' in page


def test_numbers_lead_to_the_rows_they_count(user: WhatsAppUser) -> None:
    client = administrator()
    Message.objects.filter(direction="in").update(state="parked")
    SecurityEvent.objects.create(at=timezone.now(), operation="bad_signature")
    page = page_of(client, "24h")

    links = set(re.findall(r'href="(/admin/[^"]*\?[^"]*)"', page))
    assert len(links) > 10
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link
    parked = client.get("/admin/conversations/message/?state=parked").content.decode()
    assert parked.count('class="field-created_at') == int(tile(page, "Parked"))
    assert "operation__exact=bad_signature" in page


def test_a_manager_sees_all_numbers_and_only_links_that_open(user: WhatsAppUser) -> None:
    client = member_of("manager")
    make_alert()
    page = page_of(client)

    assert tile(page, "Parked") == "0"
    links = set(re.findall(r'href="(/[^"#]*)"', page.partition("data-live")[2]))
    assert links
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


@pytest.mark.parametrize("chosen", ["1h", "24h", "7d", "30d"])
def test_a_cold_page_takes_at_most_fifteen_queries(
    user: WhatsAppUser, chosen: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = member_of("manager")
    for number in range(5):
        make_channel(f"shop-{number}", phone_number_id=str(number))
        make_alert("warning")
        make_check(f"channel:shop-{number}")

    with django_assert_max_num_queries(15):
        page_of(client, chosen)


def test_a_range_that_is_none_is_the_usual_one(user: WhatsAppUser) -> None:
    assert 'href="?range=24h" aria-current="true"' in page_of(administrator(), "<script>")


def test_redis_away_leaves_the_page_standing(user: WhatsAppUser, settings: Settings) -> None:
    client = administrator()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert "Is it well?" in page_of(client)


def test_an_alert_is_acknowledged_from_the_page(user: WhatsAppUser) -> None:
    alert = make_alert()
    client = member_of("manager")
    assert f"/dashboard/alerts/{alert.pk}/acknowledge" in page_of(client)

    answer = client.post(f"/dashboard/alerts/{alert.pk}/acknowledge", {"range": "7d"})

    assert (answer.status_code, answer["Location"]) == (302, "/dashboard?range=7d#alerts")
    assert Alert.objects.get().acknowledged_by == "of manager"
    page = page_of(client)
    assert "seen by of manager" in page
    assert "/acknowledge" not in page


def test_an_alert_that_is_over_or_gone_is_no_error(user: WhatsAppUser) -> None:
    client = administrator()
    over = make_alert(state="resolved", resolved_at=timezone.now())

    assert client.post(f"/dashboard/alerts/{over.pk}/acknowledge").status_code == 302
    assert client.post("/dashboard/alerts/999999/acknowledge").status_code == 404
    assert client.get(f"/dashboard/alerts/{over.pk}/acknowledge").status_code == 405


def test_acknowledging_needs_its_permission_and_a_token(user: WhatsAppUser) -> None:
    alert = make_alert()
    path = f"/dashboard/alerts/{alert.pk}/acknowledge"

    assert signed_in("monitoring.view_dashboard").post(path).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("boss"))
    assert strict.post(path).status_code == 403
    assert Alert.objects.get().acknowledged_at is None


def test_only_who_may_see_the_dashboard_sees_it(client: Client) -> None:
    assert client.get("/dashboard").status_code == 302
    assert signed_in("conversations.view_run").get("/dashboard/").status_code == 403
    assert client.get("/dashboard/live").status_code == 302
