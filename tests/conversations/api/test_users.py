"""`/api/users/<userId>`: profile, transcript, pause and resume."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from conversations.models import Author, Message, Run, Thread, UserIdentity, WhatsAppUser
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, make_key
from tests.conversations.builders import make_channel, receive

ANA = "573000000001"
ADDRESS = f"/api/users/{ANA}"


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    """Ana, with a closed and an open thread and two runs."""
    ana = receive(channel, "hola", "¿abren hoy?", sender=ANA)
    WhatsAppUser.objects.filter(pk=ana.pk).update(
        name="Ana", user_name="ana.co", labels=["vip"], language="es"
    )
    UserIdentity.objects.create(user=ana, channel=channel, kind="bsuid", value="CO.123")
    closed = Thread.objects.create(user=ana, closed_at=ana.created_at)
    opened = Thread.objects.create(user=ana, token_count=40)
    Run.objects.create(thread=closed, epoch=1, state="completed", input_tokens=100, output_tokens=20)
    Run.objects.create(thread=opened, epoch=2, state="completed", input_tokens=30, output_tokens=10)
    return ana


@pytest.fixture
def api() -> Api:
    return Api(make_key("users:read", "messages:write"))


def answered(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()


def test_the_profile(user: WhatsAppUser, api: Api) -> None:
    answer = answered(api.get(f"{ADDRESS}/"))

    latest = Message.objects.latest("sequence")
    thread = Thread.objects.get(closed_at=None)
    assert answer.pop("lastActivity").startswith(f"{latest.created_at:%Y-%m-%dT%H:%M:%S}")
    assert answer.pop("createdAt").endswith("Z")
    assert answer["thread"].pop("startedAt").endswith("Z")
    assert answer == {
        "userId": ANA,
        "channel": "shop",
        "name": "Ana",
        "userName": "ana.co",
        "labels": ["vip"],
        "language": "es",
        "identities": [{"kind": "wa_id", "value": ANA}, {"kind": "bsuid", "value": "CO.123"}],
        "paused": False,
        "pausedAt": None,
        "thread": {"id": thread.pk, "tokenCount": 40},
        "tokenTotal": 160,
    }


def test_what_is_not_folded_yet_is_counted_too(user: WhatsAppUser, api: Api) -> None:
    Run.objects.update(finished_at=user.created_at)
    Run.objects.filter(epoch=1).update(folded_at=user.created_at)

    answer = answered(api.get(ADDRESS))

    assert (answer["thread"]["tokenCount"], answer["tokenTotal"]) == (80, 160)


def test_a_user_who_has_done_nothing_yet(channel: Channel, api: Api) -> None:
    bare = WhatsAppUser.objects.create(channel=channel)
    UserIdentity.objects.create(user=bare, channel=channel, kind="lid", value="77@lid")

    answer = answered(api.get("/api/users/77@lid"))

    assert (answer["userId"], answer["thread"], answer["tokenTotal"]) == ("77@lid", None, 0)
    assert answer["lastActivity"] is None


@pytest.mark.parametrize("name", [ANA, f"+{ANA}", "+57 300 000 0001", "CO.123"])
def test_any_name_finds_the_user(user: WhatsAppUser, api: Api, name: str) -> None:
    assert answered(api.get(f"/api/users/{name}"))["userId"] == ANA


@pytest.mark.parametrize(
    "name", ["573009999999", "nobody", "%00", "a%00b", "%ED%A0%80", "x" * 3000, "' OR 1=1"]
)
def test_an_unknown_name_is_404(user: WhatsAppUser, api: Api, name: str) -> None:
    for address in (f"/api/users/{name}", f"/api/users/{name}/messages"):
        answer = api.get(address)
        assert (answer.status_code, error_code(answer)) == (404, "not_found")
    assert api.post(f"/api/users/{name}/pause").status_code == 404


def test_several_channels_are_a_conflict_until_one_is_chosen(user: WhatsAppUser, api: Api) -> None:
    receive(make_channel("rent", phone_number_id="2002"), "hola", sender=ANA)

    answer = api.get(ADDRESS)

    assert (answer.status_code, error_code(answer)) == (409, "several_users")
    assert answer.json()["error"]["details"] == {"channels": ["rent", "shop"]}
    assert answered(api.get(ADDRESS, channel="rent"))["channel"] == "rent"
    assert api.post(f"{ADDRESS}/pause").status_code == 409
    assert answered(api.post(f"{ADDRESS}/pause?channel=shop"))["channel"] == "shop"
    assert list(WhatsAppUser.objects.exclude(paused_at=None)) == [user]


def test_a_key_limited_to_channels_sees_only_their_users(user: WhatsAppUser) -> None:
    receive(make_channel("rent", phone_number_id="2002"), "hola", sender=ANA)
    api = Api(make_key("users:read", channels=("rent",)))

    assert answered(api.get(ADDRESS))["channel"] == "rent"
    assert api.get(ADDRESS, channel="shop").status_code == 404
    assert api.get("/api/users/CO.123").status_code == 404


def test_the_transcript_is_paged_newest_first(user: WhatsAppUser, api: Api) -> None:
    outbound_append(user, "Sí, hasta las 8", author=Author.STAFF)
    other = make_channel("rent", phone_number_id="2002")
    receive(other, "de otra persona", sender="573000000002")

    first = answered(api.get(f"{ADDRESS}/messages", limit=2))
    second = answered(api.get(first["next"].replace("http://testserver", "")))

    assert [message["text"] for message in first["results"]] == ["Sí, hasta las 8", "¿abren hoy?"]
    assert [message["text"] for message in second["results"]] == ["hola"]
    assert second["next"] is None
    assert {message["user"] for message in first["results"]} == {ANA}


def test_pausing_and_resuming(user: WhatsAppUser, api: Api) -> None:
    answer = answered(api.post(f"{ADDRESS}/pause/"))

    assert answer == {"userId": ANA, "channel": "shop", "paused": True}
    assert set(Message.objects.values_list("state", flat=True)) == {"held"}
    assert answered(api.get(ADDRESS))["paused"] is True
    answered(api.post(f"{ADDRESS}/pause"))

    assert answered(api.post(f"{ADDRESS}/resume"))["paused"] is False
    user.refresh_from_db()
    assert user.paused_at is None


def test_the_number_of_queries_does_not_grow(
    user: WhatsAppUser, api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answered(api.get(ADDRESS))
    outbound_append(user, *["más"] * 30, author=Author.STAFF)

    with django_assert_num_queries(6):  # key, user, names, tokens, thread, latest message
        answered(api.get(ADDRESS))
    with django_assert_num_queries(5):  # key, user, names, messages, their user's names
        assert len(answered(api.get(f"{ADDRESS}/messages"))["results"]) == 32
