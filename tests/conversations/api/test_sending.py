"""`POST /api/messages`: an order becomes a row of the outbox, once."""

import threading
from typing import Any

import pytest
from django.db import connection

from botsite.api.keys import ROTATION_OVERLAP, api_key_rotate
from conversations.models import IdempotentRequest, Message, UserIdentity, WhatsAppUser
from conversations.services import outbox
from conversations.services.api_messages import MessageOrder, message_accept
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, key_of, make_key
from tests.conversations.builders import make_channel, outbound_texts, receive
from tests.fakes.graph import FakeGraph

ADDRESS = "/api/messages"
ORDER = {"channel": "shop", "to": "573000000001", "text": "Tu pedido va en camino."}
TEMPLATE = {"name": "order_sent", "language": "es", "parameters": ["Ana", "7"]}


@pytest.fixture
def api(channel: Channel) -> Api:
    return Api(make_key("messages:write"))


def test_a_text_is_accepted_and_stored(api: Api) -> None:
    answer = api.post(ADDRESS, ORDER)

    message = Message.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"id": message.pk, "state": "pending"}
    assert (message.direction, message.author, message.state) == ("out", "api", "pending")
    assert (message.kind, message.text, message.sequence) == ("text", ORDER["text"], 1)
    assert message.thread is not None
    assert message.thread.user == message.user
    assert UserIdentity.objects.get().value == ORDER["to"]


def test_a_template_is_accepted_and_stored(api: Api) -> None:
    body = {"channel": "shop", "to": "573000000001", "template": TEMPLATE}

    assert api.post(ADDRESS + "/", body).status_code == 202

    message = Message.objects.get()
    assert (message.kind, message.template) == ("template", TEMPLATE)
    assert message.text == "order_sent: Ana, 7"


def test_what_was_accepted_reaches_whatsapp(live_channel: Channel, graph: FakeGraph) -> None:
    api = Api(make_key("messages:write"))
    api.post(ADDRESS, ORDER)
    api.post(ADDRESS, {"channel": "shop", "to": ORDER["to"], "template": TEMPLATE})

    outbox.deliver_user(WhatsAppUser.objects.get().pk)

    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert len(graph.sent) == 2


@pytest.mark.parametrize("to", ["573000000001", "+57 300 000 0001", "+57 (300) 000-00.01", 573000000001])
def test_a_known_user_is_found_however_the_number_is_written(channel: Channel, api: Api, to: object) -> None:
    user = receive(channel, "hola")

    assert api.post(ADDRESS, ORDER | {"to": to}).status_code == 202

    assert outbound_texts(user) == [ORDER["text"]]
    assert WhatsAppUser.objects.count() == 1


def test_a_known_name_of_another_kind_is_found(channel: Channel, api: Api) -> None:
    user = receive(channel, "hola")
    UserIdentity.objects.create(user=user, channel=channel, kind="bsuid", value="CO.123")

    assert api.post(ADDRESS, ORDER | {"to": "CO.123"}).status_code == 202

    assert outbound_texts(user) == [ORDER["text"]]


@pytest.mark.parametrize("to", ["CO.999", "ana", "12345", "1" * 16, "٣٣٣٣٣٣٣٣"])
def test_an_unknown_name_that_is_no_number_is_refused(api: Api, to: str) -> None:
    answer = api.post(ADDRESS, ORDER | {"to": to})

    assert (answer.status_code, error_code(answer)) == (422, "unknown_recipient")
    assert not WhatsAppUser.objects.exists()


def test_a_repeat_of_the_key_gives_the_same_message(api: Api) -> None:
    first = api.post(ADDRESS, ORDER, Idempotency_Key="order-7")
    again = api.post(ADDRESS, ORDER, Idempotency_Key="order-7")
    other = api.post(ADDRESS, ORDER, Idempotency_Key="order-8")

    assert (again.status_code, again.json()) == (202, first.json())
    assert other.json()["id"] != first.json()["id"]
    assert Message.objects.count() == 2


@pytest.mark.parametrize("change", [{"text": "Otra cosa"}, {"to": "573000000002"}, {"channel": "rent"}])
def test_the_key_with_another_body_is_refused(api: Api, change: dict[str, str]) -> None:
    make_channel("rent", phone_number_id="2002")
    api.post(ADDRESS, ORDER, Idempotency_Key="order-7")

    answer = api.post(ADDRESS, ORDER | change, Idempotency_Key="order-7")

    assert (answer.status_code, error_code(answer)) == (422, "idempotency_conflict")
    assert Message.objects.count() == 1


def test_the_key_belongs_to_the_client_and_survives_its_rotation(api: Api) -> None:
    token = make_key("messages:write", name="shop")
    first = Api(token).post(ADDRESS, ORDER, Idempotency_Key="order-7")
    _, successor = api_key_rotate(key_of(token).get(), overlap=ROTATION_OVERLAP)
    rotated = Api(successor).post(ADDRESS, ORDER, Idempotency_Key="order-7")
    stranger = Api(make_key("messages:write", name="laravel")).post(ADDRESS, ORDER, Idempotency_Key="order-7")

    assert rotated.json() == first.json()
    assert stranger.json()["id"] != first.json()["id"]


def test_a_refused_order_does_not_use_up_its_key(api: Api) -> None:
    assert api.post(ADDRESS, ORDER | {"to": "ana"}, Idempotency_Key="k").status_code == 422
    assert api.post(ADDRESS, ORDER, Idempotency_Key="k").status_code == 202


def test_without_a_key_each_request_is_a_message(api: Api) -> None:
    api.post(ADDRESS, ORDER)
    api.post(ADDRESS, ORDER, Idempotency_Key="")

    assert Message.objects.count() == 2
    assert not IdempotentRequest.objects.exists()


@pytest.mark.parametrize("key", ["x" * 201, "ñ", "a\x00b"])
def test_an_unusable_idempotency_key_is_refused(api: Api, key: str) -> None:
    answer = api.post(ADDRESS, ORDER, Idempotency_Key=key)

    assert (answer.status_code, error_code(answer)) == (422, "invalid_idempotency_key")


@pytest.mark.django_db(transaction=True)
def test_simultaneous_repeats_make_one_message() -> None:
    channel = make_channel()
    order = MessageOrder(to="573000000001", text="hola")
    start = threading.Barrier(6)
    ids: list[int] = []

    def accept() -> None:
        try:
            start.wait()
            ids.append(message_accept(channel, order, client="n8n", idempotency_key="k").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ids == [Message.objects.get().pk] * 6


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"channel": None}, "invalid"),
        ({"channel": "nowhere"}, "unknown_channel"),
        ({"to": ""}, "invalid"),
        ({"to": {"a": 1}}, "invalid"),
        ({"to": "5730000\x0000001"}, "invalid"),
        ({"text": ""}, "invalid"),
        ({"text": "   "}, "invalid"),
        ({"text": "a\x00b"}, "invalid"),
        ({"text": ["a"]}, "invalid"),
        ({"text": "x" * 4097}, "text_too_long"),
        ({"template": TEMPLATE}, "invalid"),
        ({"text": None, "template": None}, "invalid"),
    ],
)
def test_bad_values_are_422(api: Api, change: dict[str, Any], code: str) -> None:
    answer = api.post(ADDRESS, ORDER | change)

    assert (answer.status_code, error_code(answer)) == (422, code)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "template",
    [
        {},
        "order_sent",
        TEMPLATE | {"language": ""},
        TEMPLATE | {"parameters": "Ana"},
        TEMPLATE | {"parameters": [{"a": 1}]},
        TEMPLATE | {"parameters": ["a\x00"]},
        TEMPLATE | {"parameters": ["a"] * 51},
    ],
)
def test_bad_templates_are_422(api: Api, template: object) -> None:
    answer = api.post(ADDRESS, {"channel": "shop", "to": ORDER["to"], "template": template})

    assert (answer.status_code, error_code(answer)) == (422, "invalid")
    assert "template" in answer.json()["error"]["details"]


def test_the_longest_text_is_accepted(api: Api) -> None:
    assert api.post(ADDRESS, ORDER | {"text": "ñ" * 4096}).status_code == 202


def test_channels_that_cannot_send_are_told(channel: Channel, api: Api) -> None:
    make_channel("gate", kind="gateway", phone_number_id="")
    make_channel("closed", phone_number_id="3003", is_active=False)

    assert error_code(api.post(ADDRESS, ORDER | {"channel": "gate"})) == "channel_cannot_send"
    assert error_code(api.post(ADDRESS, ORDER | {"channel": "closed"})) == "unknown_channel"
    assert not Message.objects.exists()
