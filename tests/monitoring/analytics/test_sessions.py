"""Past days: counted by day and channel, in TIME_ZONE, on the page and in the download alike."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services.messages import outbound_append
from conversations.shop.models import CustomerSession
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.safety.pages import member_of
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE, TABLE = "/dashboard/sessions", "/dashboard/sessions.csv"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def channel() -> Channel:
    """One customer wrote twice and was answered within ten minutes, another wrote a day earlier."""
    channel = make_channel()
    first = receive(channel, "hola", "¿precio?")
    outbound_append(first, "100", author=Author.ASSISTANT, state=OutboundState.READ)
    Message.objects.filter(direction="in").update(state="answered", created_at=NOON - timedelta(minutes=10))
    Message.objects.filter(direction="out").update(created_at=NOON)
    second = receive(channel, "¿hay?", sender="573000000002")
    Message.objects.filter(user=second).update(created_at=NOON - timedelta(days=1), state="held")
    return channel


def rows(client: Client, **query: str | int) -> list[dict[str, str]]:
    response = client.get(TABLE, query)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_each_day_and_channel_has_a_line(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2", name="=cmd")
    receive(other, "hola", sender="573000000009")

    lines = rows(administrator())

    assert [(line["day"], line["channel"], line["received"]) for line in lines] == [
        ("2026-11-19", str(channel), "1"),
        ("2026-11-20", str(channel), "2"),
        ("2026-11-20", f"'{other}", "1"),
    ]
    today = lines[1]
    assert (today["conversations"], today["answered"], today["sent"]) == ("1", "2", "1")
    assert today["mean_seconds"] == "600.0"


def test_days_are_those_of_the_time_zone(channel: Channel, settings: Settings) -> None:
    Message.objects.update(created_at=datetime(2026, 11, 20, 3, tzinfo=UTC))
    settings.TIME_ZONE = "America/Bogota"

    assert {line["day"] for line in rows(administrator())} == {"2026-11-19"}


def test_the_page_adds_up_the_days(channel: Channel) -> None:
    page = administrator().get(PAGE).content.decode()

    values = re.findall(r'tile__label">([^<]*)</p>\s*<p class="tile__value[^"]*">([^<]*)<', page)
    assert dict(values) | {"Conversations": "2", "Received": "3", "Answered": "2", "Sent": "1"} == dict(
        values
    )
    assert dict(values)["Mean duration"] == "5.0 min"
    assert 'id="chart-talks" data-chart' in page


def test_channel_and_days_choose(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    client = administrator()

    assert rows(client, channel=other.pk) == []
    assert len(rows(client, channel=channel.pk)) == 2
    assert len(rows(client, since="2026-11-20", until="2026-11-20")) == 1
    page = client.get(PAGE, {"channel": str(channel.pk), "since": "2026-11-19"}).content.decode()
    assert f"since=2026-11-19&amp;until=2026-11-20&amp;channel={channel.pk}" in page


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-11-21", "until": "2026-11-20"},
        {"since": "2020-01-01", "until": "2026-11-20"},
        {"since": "yesterday"},
        {"channel": "999999"},
        {"channel": "x' OR 1=1"},
    ],
)
def test_days_that_are_none_are_refused(channel: Channel, query: dict[str, str]) -> None:
    client = administrator()

    assert client.get(TABLE, query).status_code == 400
    page = client.get(PAGE, query)
    assert page.status_code == 200
    assert "errornote" in page.content.decode()


def test_open_sessions_are_counted_and_what_was_not_counted_is_a_dash(channel: Channel) -> None:
    user = WhatsAppUser.objects.earliest("pk")
    CustomerSession.objects.create(user=user, state="cart", expires_at=NOON + timedelta(hours=1))

    page = administrator().get(PAGE).content.decode()

    assert re.search(r'Carts being filled</p>\s*<p class="tile__value">1<', page)
    for label in ("Sessions over", "Time in the shop, mean"):
        assert re.search(rf'{label}</p>\s*<p class="tile__value">–<', page), label


def test_a_manager_may_and_an_agent_may_not(channel: Channel) -> None:
    assert member_of("manager").get(PAGE).status_code == 200
    assert signed_in("conversations.view_message").get(PAGE).status_code == 403
    assert Client().get(TABLE).status_code == 302


def test_the_page_takes_the_same_queries_however_many_days(
    channel: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = member_of("manager")

    with django_assert_max_num_queries(12):
        assert client.get(PAGE).status_code == 200
