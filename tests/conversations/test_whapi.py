"""A linked phone end to end: its webhooks in, answers out, and customers' data that change outside."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from conversations.models import EarlyStatus, Message, WebhookItem, WhatsAppUser
from conversations.services import enrichment, outbox, turns
from conversations.services.sweeper import Sweeper
from sessions_app.models import Channel
from tests.botsite.api.client import Api, make_key
from tests.conversations.builders import inbound_states, make_channel, outbound_states
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.whapi import FakeWhapi, text_webhook
from tests.payloads import PAYLOADS, load
from tests.processes import wait_until

ANA = "573003913251"
CHAT = f"{ANA}@s.whatsapp.net"


@pytest.fixture
def phone(transactional_db: None, whapi: FakeWhapi, settings: Settings, request: Any) -> Channel:
    """A channel that sends to the fake, under a slug of its own: the limit of a number outlives a test."""
    settings.BUFFER_SECONDS = 0
    slug = f"whapi-{abs(hash(request.node.nodeid))}"
    values = {"phone_number_id": "", "access_token": "t", "base_url": whapi.url, "app_secret": "s3cret"}
    return make_channel(slug, kind="whapi", **values)


def deliver(phone: Channel, body: object, *, secret: str = "s3cret", in_path: bool = False) -> Any:
    path = f"/webhook/{phone.slug}/{secret}" if in_path else f"/webhook/{phone.slug}"
    headers = {} if in_path else {"X-Webhook-Secret": secret}
    return Client().post(path, json.dumps(body), content_type="application/json", headers=headers)


def sample(name: str) -> Any:
    return load(PAYLOADS / "whapi" / f"{name}.json")[0]


def user_of(phone: Channel, value: str = ANA) -> WhatsAppUser:
    return WhatsAppUser.objects.get(channel=phone, identities__value=value)


def test_a_text_is_answered_over_the_same_phone(phone: Channel, whapi: FakeWhapi, model: FakeOpenAI) -> None:
    receipt = deliver(phone, text_webhook("¿hay cuartos?", sender=ANA, name="Anita"))
    user = user_of(phone)
    turns.run_turn(user.pk)
    outbox.deliver_user(user.pk)

    assert receipt.json() == {"accepted": 1, "duplicates": 0, "ignored": 0}
    assert [(sent.to, sent.text) for sent in whapi.sent] == [(CHAT, "re: ¿hay cuartos?")]
    assert (user.user_name, inbound_states(user), outbound_states(user)) == (
        "Anita",
        ["answered"],
        ["accepted"],
    )

    (sent,) = whapi.sent
    for state in ("delivered", "read"):
        deliver(phone, {"statuses": [{"id": sent.id, "status": state, "timestamp": "1767225600"}]})
    assert outbound_states(user) == ["read"]


def test_the_secret_may_come_in_the_address_and_has_to_be_right(phone: Channel) -> None:
    body = text_webhook("hola", sender=ANA)

    assert deliver(phone, body, in_path=True).status_code == 200
    assert deliver(phone, body).json()["duplicates"] == 1
    for in_path in (True, False):
        assert deliver(phone, body, secret="wrong", in_path=in_path).status_code == 401
    assert deliver(phone, ["rubbish"]).status_code == 400


def test_what_a_person_wrote_on_the_phone_pauses_the_assistant_and_our_own_sends_do_not(
    phone: Channel,
) -> None:
    ours = {
        "id": "a1",
        "from_me": True,
        "type": "text",
        "chat_id": CHAT,
        "source": "api",
        "text": {"body": "x"},
    }
    deliver(phone, text_webhook("hola", sender=ANA))

    deliver(phone, {"messages": [ours]})
    assert user_of(phone).paused_at is None
    assert not Message.objects.filter(external_id="a1").exists()

    deliver(phone, {"messages": [ours | {"id": "a2", "source": "mobile"}]})
    assert user_of(phone).paused_at is not None
    assert Message.objects.get(external_id="a2").author == "phone"


def test_the_word_of_our_own_send_settles_it_when_its_answer_was_lost(phone: Channel) -> None:
    ours = {"id": "a1", "from_me": True, "type": "text", "chat_id": CHAT, "source": "api"}

    deliver(phone, {"messages": [ours]})

    assert EarlyStatus.objects.get().state == "accepted"


@pytest.mark.parametrize("name", ["crowds", "other_types", "own", "statuses", "unrecognized"])
def test_whatever_comes_is_stored_and_acknowledged(phone: Channel, name: str) -> None:
    body, events = load(PAYLOADS / "whapi" / f"{name}.json")

    receipt = deliver(phone, body)

    assert receipt.status_code == 200
    assert sum(receipt.json().values()) == len(events)


def test_groups_channels_and_stories_are_stored_and_not_answered(phone: Channel) -> None:
    deliver(phone, sample("crowds"))

    messages = Message.objects.order_by("pk").values_list("state", "reason")
    assert {state for state, _ in messages} == {"ignored"}
    assert [reason for _, reason in messages] == ["group", "newsletter", "broadcast", "group"]
    assert not WhatsAppUser.objects.exclude(turn_due_at=None).exists()


def test_ten_messages_a_minute_go_out_and_the_others_wait_unharmed(phone: Channel, whapi: FakeWhapi) -> None:
    api = Api(make_key("messages:write"))
    for number in range(12):
        api.post("/api/messages", {"channel": phone.slug, "to": f"5730000000{number:02}", "text": "hola"})
    for user in WhatsAppUser.objects.order_by("pk"):
        outbox.deliver_user(user.pk)

    assert len(whapi.sent) == 10
    waiting = Message.objects.filter(state="pending")
    assert [(row.failures, row.reason) for row in waiting] == [(0, "the number's limit")] * 2


@pytest.mark.parametrize("name", ["chats_updates", "users"])
def test_a_change_that_whapi_announces_is_fetched(phone: Channel, whapi: FakeWhapi, name: str) -> None:
    deliver(phone, text_webhook("hola", sender=ANA))

    assert deliver(phone, sample(name)).json()["accepted"] >= 1

    user = user_of(phone)
    assert enrichment.users_due(10) == [user.pk]
    assert whapi.requests == []


def test_a_change_of_a_stranger_creates_nobody(phone: Channel) -> None:
    deliver(phone, sample("users"))

    assert not WhatsAppUser.objects.exists()


def test_one_row_a_chat_is_kept_of_changes_that_are_no_ones_business(phone: Channel) -> None:
    update = {"after_update": {"id": CHAT}, "changes": ["unread"]}
    for _ in range(3):
        deliver(phone, {"chats_updates": [update], "event": {"type": "chats", "event": "patch"}})

    assert WebhookItem.objects.count() == 1


def test_an_announced_change_is_there_at_the_next_message(
    phone: Channel, whapi: FakeWhapi, model: FakeOpenAI
) -> None:
    whapi.know(CHAT, name="Ana Cliente", labels=("VIP",), own_name="Anita")
    deliver(phone, text_webhook("hola", sender=ANA, name="Anita"))
    user = user_of(phone)
    turns.run_turn(user.pk)
    sweeper = Sweeper()
    sweeper.start()
    try:
        answer = Api(make_key("users:write")).post("/update-user", {"userId": ANA, "changes": ["enrichment"]})
        wait_until(lambda: user_of(phone).name == "Ana Cliente")
        deliver(phone, text_webhook("¿y mañana?", sender=ANA, name="Anita"))
        wait_until(lambda: "re: ¿y mañana?" in [sent.text for sent in whapi.sent])
    finally:
        sweeper.stop(wait=True)

    assert answer.json()["enrichment"] == "scheduled"
    assert (whapi.asked("chat"), whapi.asked("profile")) == (1, 1)
    profile = Api(make_key("users:read")).get(f"/api/users/{ANA}").json()
    assert (profile["name"], profile["userName"], profile["labels"]) == ("Ana Cliente", "Anita", ["VIP"])
