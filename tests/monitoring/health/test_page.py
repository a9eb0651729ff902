"""The health page and its history in admin: what a manager sees, and that it stays cheap."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from monitoring.health.findings import Finding
from monitoring.models import HealthSpan, ProcessHeartbeat, Status
from monitoring.services.health_store import findings_store
from tests.safety.pages import member_of
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
PAGE = "/dashboard/health/"


def look_then(minutes_ago: float, statuses: Mapping[str, Status]) -> None:
    """Looks of half-hourly checks, `minutes_ago`; `__` in a name stands for a colon."""
    found = {name.replace("__", ":"): Finding(status) for name, status in statuses.items()}
    moment = timezone.now() - timedelta(minutes=minutes_ago)
    findings_store(found, periods=dict.fromkeys(found, 1800.0), moment=moment)


def look(**statuses: Status) -> None:
    look_then(0, statuses)


def page_of(client: Client) -> str:
    response = client.get(PAGE)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_before_the_first_look_nothing_is_claimed() -> None:
    page = page_of(administrator())

    assert "Nobody is checking: how things are is not known." in page
    assert "No check has been made yet." in page


def test_all_is_well() -> None:
    look_then(30, {"redis": Status.UP})
    look(redis=Status.UP)

    page = page_of(administrator())

    assert "All is well." in page
    assert "badge--up" in page
    assert page.count("100 %") == 3
    assert "strip__part--up" in page
    assert "strip__part--down" not in page


def test_what_is_wrong_comes_first_and_an_outage_is_seen() -> None:
    look_then(60, {"database": Status.UP, "redis": Status.UP})
    look_then(30, {"database": Status.UP, "redis": Status.DOWN})
    look(database=Status.UP, redis=Status.DOWN)

    page = page_of(administrator())

    assert "Not working: Redis." in page
    assert page.index(">Redis<") < page.index(">Database<")
    assert "strip__part--down" in page
    assert re.search(r"<dd>50(\.0\d)? %</dd>", page)


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ({"memory": Status.DEGRADED, "redis": Status.UP}, "Impaired: Memory."),
        ({"memory": Status.DEGRADED, "channel__shop": Status.DOWN}, "Not working: Channel shop."),
        ({"laravel": Status.UNKNOWN, "redis": Status.UP}, "of 1 check nothing is known."),
    ],
)
def test_the_verdict_names_the_worst(statuses: dict[str, Status], verdict: str) -> None:
    look(**statuses)

    assert verdict in page_of(administrator())


def test_a_number_that_nobody_knows_is_a_dash() -> None:
    look(redis=Status.UNKNOWN)

    assert page_of(administrator()).count("<dd>–</dd>") == 3


def test_old_looks_are_not_shown_as_the_present() -> None:
    look_then(24 * 60, {"redis": Status.UP})

    page = page_of(administrator())

    assert "Nobody is checking" in page
    assert "last checked 1 day" in page
    assert "badge--up" not in page


def test_a_name_with_markup_is_a_name() -> None:
    findings_store({"channel:<b>": Finding(Status.DOWN, "<script>")}, periods={"channel:<b>": 30})

    page = page_of(administrator())

    assert "<script>" not in page.partition('class="health"')[2]
    assert "&lt;b&gt;" in page


def test_the_page_costs_the_same_however_many_checks_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = administrator()
    look(**{f"channel__{number}": Status.UP for number in range(25)})

    with django_assert_num_queries(4):  # the user; states, uptimes, strips
        client.get(PAGE)


def test_only_who_may_see_the_dashboard_sees_it(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    assert signed_in("conversations.view_run").get(PAGE).status_code == 403


def test_a_manager_gets_no_link_that_is_shut() -> None:
    look(inbox=Status.UP, workers=Status.UP, channel__shop=Status.UP)
    manager = member_of("manager")

    page = page_of(manager)

    assert "/admin/conversations/message/" not in page
    assert "/admin/sessions_app/" not in page
    assert manager.get("/admin/monitoring/processheartbeat/?kind__exact=worker").status_code == 200
    assert manager.get("/admin/monitoring/healthspan/").status_code == 200


def test_every_link_opens() -> None:
    names = [
        "database",
        "workers",
        "beat",
        "inbox",
        "outbox",
        "forwards",
        "channel__shop",
        "llm__openai",
        "laravel",
        "memory",
    ]
    look(**dict.fromkeys((*names, "laravel", "memory"), Status.UP))
    client = administrator()

    links = {part.split('"')[0] for part in page_of(client).split('health__name"><a href="')[1:]}

    assert len(links) == 8  # two lead to the circuits, and the database to none
    assert {client.get(link.replace("&amp;", "&")).status_code for link in links} == {200}


def test_the_history_says_how_long_it_lasted() -> None:
    now = timezone.now()
    HealthSpan.objects.create(
        check_name="redis",
        status=Status.DOWN,
        began_at=now - timedelta(minutes=20),
        ended_at=now - timedelta(minutes=5),
        detail="no answer within %(seconds)s s",
        detail_values={"seconds": 5},
    )
    client = administrator()

    page = client.get("/admin/monitoring/healthspan/").content.decode()

    assert "15\xa0minutes" in page
    assert "no answer within 5 s" in page
    assert client.get("/admin/monitoring/healthspan/add/").status_code == 403


def test_the_history_is_chosen_by_what_people_call_a_check() -> None:
    look(redis=Status.DOWN, disk=Status.UP)

    page = administrator().get("/admin/monitoring/healthspan/?check=redis").content.decode()

    assert '<a href="?check=disk">Disk</a>' in " ".join(page.split())
    assert "not working" in page
    assert "badge--up" not in page


def test_the_processes_are_listed() -> None:
    ProcessHeartbeat.objects.create(
        kind="worker",
        host="here",
        pid=7,
        started_at=timezone.now(),
        seen_at=timezone.now(),
        rss_bytes=2**27,
    )

    assert "128.0" in administrator().get("/admin/monitoring/processheartbeat/").content.decode()
