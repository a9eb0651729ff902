"""The part that is fetched again: 304 while nothing changed, at little cost, and never an old truth."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from botsite import caching
from conversations.models import Message
from monitoring.dashboard import figures
from monitoring.models import Alert, HealthSpan
from monitoring.services import series
from tests.conversations.builders import make_channel, receive
from tests.monitoring.dashboard.builders import make_alert, make_check
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
LIVE = "/dashboard/live"


@pytest.fixture
def client() -> Client:
    receive(make_channel(), "hola")
    Message.objects.update(state="answered")
    make_check("database")
    return administrator()


def etag_of(client: Client, **query: str) -> str:
    response = client.get(LIVE, query)
    assert response.status_code == 200
    return response["ETag"]


def status_of(client: Client, etag: str) -> int:
    return client.get(LIVE, headers={"If-None-Match": etag}).status_code


@pytest.fixture
def _still() -> Iterator[None]:
    """The clock stands in the middle of a minute; figures change with the minute."""
    now = timezone.now().replace(second=30)
    with time_machine.travel(now, tick=False):
        yield


@pytest.mark.usefixtures("_still")
def test_nothing_new_is_304_with_the_same_name_and_no_body(client: Client) -> None:
    etag = etag_of(client)

    again = client.get(LIVE, headers={"If-None-Match": etag})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


@pytest.mark.usefixtures("_still")
def test_the_page_and_its_part_have_the_same_name(client: Client) -> None:
    page = client.get("/dashboard/").content.decode()

    assert f'data-etag="{escape(etag_of(client))}"' in page


@pytest.mark.usefixtures("_still")
def test_an_unchanged_look_reads_no_figures(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = etag_of(client)
    caching.invalidate_matching(caching.DASHBOARD)

    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("the figures were read")

    monkeypatch.setattr(figures, "read", refuse)
    with django_assert_max_num_queries(6):  # two of them find out who asks
        assert status_of(client, etag) == 304


@pytest.mark.usefixtures("_still")
@pytest.mark.parametrize("what", ["alert", "acknowledged", "health", "held"])
def test_what_a_manager_acts_on_shows_at_the_next_look(client: Client, what: str) -> None:
    alert = make_alert()
    etag = etag_of(client)
    assert status_of(client, etag) == 304

    if what == "alert":
        make_alert("warning")
    elif what == "acknowledged":
        Alert.objects.filter(pk=alert.pk).update(acknowledged_at=timezone.now(), acknowledged_by="boss")
    elif what == "health":
        HealthSpan.objects.update(status="down")
    else:
        Message.objects.filter(direction="in").update(state="held")

    assert status_of(client, etag) == 200


@pytest.mark.usefixtures("_still")
def test_languages_ranges_and_readers_have_pages_of_their_own(client: Client) -> None:
    spanish = Client(headers={"accept-language": "es"})
    spanish.cookies = client.cookies
    other = signed_in("monitoring.view_dashboard")
    names = [etag_of(client), etag_of(client, range="7d"), etag_of(spanish), etag_of(other)]

    assert len(set(names)) == len(names)


def test_each_minute_has_a_page_of_its_own(client: Client) -> None:
    with time_machine.travel(timezone.now().replace(second=59), tick=False) as clock:
        etag = etag_of(client)
        clock.shift(2)
        assert status_of(client, etag) == 200


@pytest.mark.usefixtures("_still")
def test_ten_managers_cost_as_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []

    def counting(*args: Any, **options: Any) -> series.Frame:
        reads.append(args)
        return series.read(*args, **options)

    monkeypatch.setattr(figures, "read", counting)
    managers = [signed_in("monitoring.view_dashboard", name=f"manager-{number}") for number in range(10)]

    for manager in managers:
        etag_of(manager)

    assert len(reads) == 1
