"""`GET /api/messages`: filters, pages, and a bounded number of queries."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django import DjangoAssertNumQueries

from conversations.models import Author, Message, OutboundState, UserIdentity
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, key_of, make_key
from tests.conversations.builders import make_channel, receive

ADDRESS = "/api/messages"
ANA, LUIS = "573000000001", "573000000002"


@pytest.fixture
def api(channel: Channel) -> Api:
    return Api(make_key("messages:read"))


@pytest.fixture
def talk(channel: Channel) -> Channel:
    """Ana wrote twice and was answered; Luis wrote once at another channel; one of each side is parked."""
    ana = receive(channel, "uno", "dos", sender=ANA)
    outbound_append(ana, "respuesta", author=Author.ASSISTANT)
    outbound_append(ana, "perdida", author=Author.API, state=OutboundState.PARKED, reason="190: token")
    luis = receive(make_channel("rent", phone_number_id="2002"), "tres", sender=LUIS)
    Message.objects.filter(user=luis).update(state="parked", reason="failed too often")
    return channel


def texts(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [message["text"] for message in answer.json()["results"]]


def test_messages_are_listed_newest_first_with_the_fields_promised(talk: Channel, api: Api) -> None:
    answer = api.get(ADDRESS + "/")

    assert texts(answer) == ["tres", "perdida", "respuesta", "dos", "uno"]
    assert answer.json()["next"] is None
    first = answer.json()["results"][-1]
    stored = Message.objects.get(text="uno")
    created = first.pop("createdAt")
    assert datetime.fromisoformat(created).replace(microsecond=0) == stored.created_at.replace(microsecond=0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", created)
    assert first == {
        "id": stored.pk,
        "direction": "in",
        "channel": "shop",
        "user": ANA,
        "author": "customer",
        "kind": "text",
        "text": "uno",
        "externalId": stored.external_id,
        "state": "pending",
        "reason": "",
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "pending"}, ["respuesta", "dos", "uno"]),
        ({"state": "pending", "direction": "in"}, ["dos", "uno"]),
        ({"state": "parked"}, ["tres", "perdida"]),
        ({"state": "parked", "channel": "shop"}, ["perdida"]),
        ({"direction": "out"}, ["perdida", "respuesta"]),
        ({"user": ANA, "direction": "in"}, ["dos", "uno"]),
        ({"user": "+57 300 000 0002"}, ["tres"]),
        ({"user": "nobody"}, []),
        ({"state": "read"}, []),
        ({"channel": "nowhere"}, []),
        ({"state": "", "user": ""}, ["tres", "perdida", "respuesta", "dos", "uno"]),
    ],
)
def test_filters(talk: Channel, api: Api, query: dict[str, str], found: list[str]) -> None:
    assert texts(api.get(ADDRESS, **query)) == found


def test_a_user_with_two_names_is_listed_once_per_message(talk: Channel, api: Api) -> None:
    ana = UserIdentity.objects.get(value=ANA).user
    UserIdentity.objects.create(user=ana, channel=talk, kind="bsuid", value="CO.123")

    assert texts(api.get(ADDRESS, user=ANA, direction="in")) == ["dos", "uno"]


def test_pages_follow_each_other_while_new_messages_come(talk: Channel, api: Api) -> None:
    seen: list[str] = []
    answer = api.get(ADDRESS, limit=2, channel="shop")
    for _ in range(5):
        seen += texts(answer)
        receive(talk, "mientras", sender=ANA)
        following = answer.json()["next"]
        if following is None:
            break
        parts = urlsplit(following)
        assert (parts.scheme, parts.path) == ("http", ADDRESS)
        answer = api.get(f"{parts.path}?{parts.query}")

    assert seen == ["perdida", "respuesta", "dos", "uno"]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"direction": "up"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "x"},
        {"cursor": "x"},
        {"cursor": "-1"},
        {"cursor": "9" * 30},
        {"limit": "9" * 5000},
        {"user": "a\x00"},
        {"channel": "\x00"},
    ],
)
def test_bad_queries_are_422(talk: Channel, api: Api, query: dict[str, str]) -> None:
    answer = api.get(ADDRESS, **query)

    assert (answer.status_code, error_code(answer)) == (422, "invalid")
    assert set(answer.json()["error"]["details"]) == set(query)


def test_a_key_limited_to_channels_sees_only_those(talk: Channel) -> None:
    api = Api(make_key("messages:read", channels=("rent",)))

    assert texts(api.get(ADDRESS)) == ["tres"]
    assert texts(api.get(ADDRESS, user=ANA)) == []
    answer = api.get(ADDRESS, channel="shop")
    assert (answer.status_code, error_code(answer)) == (403, "channel_forbidden")


def test_the_number_of_queries_does_not_grow(
    talk: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = make_key("messages:read")
    api = Api(token)
    api.get(ADDRESS)
    assert key_of(token).get().last_used_at is not None
    for number in range(20):
        receive(talk, "más", sender=f"5730000001{number:02}")

    with django_assert_num_queries(3):  # the key, the messages, their users' names
        assert len(texts(api.get(ADDRESS))) == 25
