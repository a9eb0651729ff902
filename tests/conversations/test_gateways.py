"""Evolution and WAHA end to end: webhooks over a socket, answers out, statuses, people who step in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from conversations.models import EarlyStatus, Message, WebhookItem, WhatsAppUser
from conversations.services import outbox, turns
from sessions_app.models import Channel, Device
from tests.conversations.builders import inbound_states, make_channel, outbound_states, outbound_texts
from tests.fakes import evolution as evolution_fake
from tests.fakes import waha as waha_fake
from tests.fakes.behaviour import Behaviour
from tests.fakes.evolution import FakeEvolution
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.waha import FakeWaha
from tests.payloads import load, samples

ANA = "573003913251"
SECRET = "s3cret"
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Line:
    """A channel of a gateway, its fake, and how its webhooks are written and proved."""

    channel: Channel
    fake: FakeEvolution | FakeWaha
    site: str
    prove: Callable[[bytes, str], dict[str, str]]
    write: Callable[..., dict[str, Any]]

    def deliver(self, body: object, *, secret: str = SECRET, path: str = "") -> tuple[int, dict[str, int]]:
        """Post a webhook to the running site; returns the status and the answer."""
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **self.prove(data, secret)}
        request = Request(f"{self.site}/webhook/{path or self.channel.slug}", data, headers)
        try:
            with urlopen(request, timeout=10) as reply:
                return reply.status, json.load(reply)
        except HTTPError as error:
            return error.code, {}

    def from_phone(self, text: str, message_id: str) -> dict[str, Any]:
        """What the business's own phone sent to Ana, or what seems to be."""
        if isinstance(self.fake, FakeEvolution):
            return evolution_fake.text_webhook(text, sender=ANA, message_id=message_id, from_me=True)
        return waha_fake.text_webhook(
            text, sender=ANA, message_id=message_id, own_source="app", event="message.any"
        )

    def user(self) -> WhatsAppUser:
        return WhatsAppUser.objects.get(channel=self.channel, identities__value=ANA)


def line(
    kind: str, fake: FakeEvolution | FakeWaha, live_server: LiveServer, settings: Settings, node: str
) -> Line:
    settings.BUFFER_SECONDS = 0
    values = {"phone_number_id": "", "access_token": "t", "app_secret": SECRET, "base_url": fake.url}
    # A slug of its own: the limit of a number outlives a test.
    channel = make_channel(f"{kind}-{abs(hash(node))}", kind=kind, instance="shop", **values)
    if kind == "evolution":
        return Line(channel, fake, live_server.url, _secret_header, evolution_fake.text_webhook)
    return Line(channel, fake, live_server.url, waha_fake.signed_headers, waha_fake.text_webhook)


def _secret_header(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Webhook-Secret": secret}


@pytest.fixture
def evolution_line(
    evolution: FakeEvolution, live_server: LiveServer, settings: Settings, request: pytest.FixtureRequest
) -> Line:
    return line("evolution", evolution, live_server, settings, request.node.nodeid)


@pytest.fixture
def waha_line(
    waha: FakeWaha, live_server: LiveServer, settings: Settings, request: pytest.FixtureRequest
) -> Line:
    return line("waha", waha, live_server, settings, request.node.nodeid)


@pytest.fixture(params=["evolution_line", "waha_line"])
def phone(request: pytest.FixtureRequest) -> Line:
    found: Line = request.getfixturevalue(request.param)
    return found


def answer(phone: Line) -> WhatsAppUser:
    user = phone.user()
    turns.run_turn(user.pk)
    outbox.deliver_user(user.pk)
    return user


def test_a_text_is_answered_over_the_same_phone_and_its_statuses_come_back(
    phone: Line, model: FakeOpenAI
) -> None:
    status, receipt = phone.deliver(phone.write("¿hay cuartos?", sender=ANA, name="Anita"))
    user = answer(phone)

    assert (status, receipt) == (200, {"accepted": 1, "duplicates": 0, "ignored": 0})
    (sent,) = phone.fake.sent
    assert (sent.to.partition("@")[0], sent.text) == (ANA, "re: ¿hay cuartos?")
    assert (user.user_name, inbound_states(user)) == ("Anita", ["answered"])
    assert outbound_states(user) == ["accepted"]

    if isinstance(phone.fake, FakeEvolution):
        words = ("DELIVERY_ACK", "READ", "DELIVERY_ACK")
        updates = [evolution_fake.status_webhook(sent.id, word, recipient=ANA) for word in words]
    else:
        updates = [waha_fake.ack_webhook(sent.id, ack, recipient=ANA) for ack in (2, 3, 2)]
    states = []
    for update in updates:
        phone.deliver(update)
        states += outbound_states(user)
    assert states == ["delivered", "read", "read"]


def test_a_webhook_that_comes_ten_times_is_answered_once(phone: Line, model: FakeOpenAI) -> None:
    body = phone.write("hola", sender=ANA, message_id="A1")

    receipts = [phone.deliver(body)[1] for _ in range(10)]
    answer(phone)
    receipts += [phone.deliver(body)[1] for _ in range(3)]
    answer(phone)

    assert [receipt["accepted"] for receipt in receipts] == [1] + [0] * 12
    assert [receipt["duplicates"] for receipt in receipts] == [0] + [1] * 12
    assert [sent.text for sent in phone.fake.sent] == ["re: hola"]


def test_only_who_knows_the_secret_is_let_in(phone: Line) -> None:
    body = phone.write("hola", sender=ANA)

    assert phone.deliver(body, secret="wrong")[0] == 401
    assert phone.deliver(body, secret="wrong", path=f"{phone.channel.slug}/{SECRET}")[0] == 401
    assert not WhatsAppUser.objects.exists()


def test_a_person_who_answers_on_the_phone_pauses_the_assistant(phone: Line) -> None:
    phone.deliver(phone.write("hola", sender=ANA))

    for _ in range(3):
        phone.deliver(phone.from_phone("le atiendo yo", "P1"))

    user = phone.user()
    assert user.paused_at is not None
    assert inbound_states(user) == ["held"]
    assert list(Message.objects.filter(external_id="P1").values_list("author", "text")) == [
        ("phone", "le atiendo yo")
    ]


def test_our_own_send_that_comes_back_is_no_person(phone: Line, model: FakeOpenAI) -> None:
    phone.deliver(phone.write("hola", sender=ANA))
    user = answer(phone)
    (sent,) = phone.fake.sent

    phone.deliver(phone.from_phone(sent.text, sent.id))

    user.refresh_from_db()
    assert user.paused_at is None
    assert outbound_texts(user) == ["re: hola"]


def test_an_echo_that_settles_a_send_whose_answer_was_lost(evolution_line: Line, model: FakeOpenAI) -> None:
    evolution_line.deliver(evolution_line.write("hola", sender=ANA))
    evolution_line.fake.behave(Behaviour(drop="after"))
    user = answer(evolution_line)
    assert outbound_states(user) == ["unknown"]
    (sent,) = evolution_line.fake.sent

    evolution_line.deliver(evolution_fake.status_webhook(sent.id, "DELIVERY_ACK", recipient=ANA))
    evolution_line.deliver(evolution_line.from_phone(f"{sent.text}\n", sent.id))

    user.refresh_from_db()
    assert (user.paused_at, outbound_states(user)) == (None, ["delivered"])
    assert Message.objects.get(user=user, direction="out").external_id == sent.id
    assert not EarlyStatus.objects.exists()


def test_an_echo_that_is_faster_than_the_answer_to_the_send(evolution_line: Line, model: FakeOpenAI) -> None:
    evolution_line.deliver(evolution_line.write("hola", sender=ANA))
    user = evolution_line.user()
    turns.run_turn(user.pk)
    Message.objects.filter(user=user, direction="out").update(state="sending", attempts=1, external_id="")

    evolution_line.deliver(evolution_line.from_phone("re: hola", "3EB0FAST"))

    user.refresh_from_db()
    assert (user.paused_at, outbound_states(user)) == (None, ["accepted"])


@pytest.mark.parametrize(
    "values",
    [{"text": "otra cosa"}, {"attempts": 0, "state": "parked"}, {"external_id": "3EB0OTHER"}],
    ids=["other words", "never begun", "known id"],
)
def test_words_that_are_not_a_send_in_doubt_are_a_persons(
    evolution_line: Line, model: FakeOpenAI, values: dict[str, Any]
) -> None:
    evolution_line.deliver(evolution_line.write("hola", sender=ANA))
    user = evolution_line.user()
    turns.run_turn(user.pk)
    Message.objects.filter(user=user, direction="out").update(
        **{"state": "unknown", "attempts": 1, "external_id": "", **values}
    )

    evolution_line.deliver(evolution_line.from_phone("re: hola", "P1"))

    user.refresh_from_db()
    assert user.paused_at is not None
    assert Message.objects.get(external_id="P1").author == "phone"


def test_wahas_word_of_a_send_by_its_interface_pauses_nobody(waha_line: Line) -> None:
    waha_line.deliver(waha_line.write("hola", sender=ANA))

    waha_line.deliver(
        waha_line.write("de n8n", sender=ANA, message_id="X1", own_source="api", event="message.any")
    )

    assert waha_line.user().paused_at is None
    assert EarlyStatus.objects.get().external_id == "X1"


def test_a_hidden_number_and_the_number_itself_are_one_customer(phone: Line) -> None:
    hidden = phone.write("hola", sender=ANA, message_id="L1")
    plain = phone.write("sigo aquí", sender=ANA, message_id="L2")
    if isinstance(phone.fake, FakeEvolution):
        key = hidden["data"]["key"]
        key |= {"remoteJid": "208@lid", "remoteJidAlt": f"{ANA}@s.whatsapp.net"}
    else:
        hidden["payload"] |= {
            "id": "false_208@lid_L1",
            "from": "208@lid",
            "_data": {"key": {"remoteJidAlt": f"{ANA}@s.whatsapp.net"}},
        }

    phone.deliver(hidden)
    phone.deliver(plain)

    user = WhatsAppUser.objects.get()
    assert set(user.identities.values_list("kind", "value")) == {("wa_id", ANA), ("lid", "208@lid")}
    assert Message.objects.filter(user=user).count() == 2


def test_what_another_instance_received_is_not_answered_from_this_number(phone: Line) -> None:
    name = "instance" if phone.channel.kind == "evolution" else "session"

    phone.deliver(phone.write("hola", sender=ANA, **{name: "elsewhere"}))

    assert not WhatsAppUser.objects.exists()
    assert WebhookItem.objects.get().reason == "unknown_number"


def test_instances_that_share_a_secret_may_share_an_address(phone: Line) -> None:
    name = "instance" if phone.channel.kind == "evolution" else "session"
    values = {"phone_number_id": "", "base_url": phone.fake.url, "instance": "second", "access_token": "t"}
    second = make_channel("second", kind=phone.channel.kind, app_secret=SECRET, **values)

    phone.deliver(phone.write("hola", sender=ANA, **{name: "second"}))

    assert WhatsAppUser.objects.get().channel == second


@pytest.mark.parametrize(
    "sample",
    [path for path in samples() if path.parent.name in ("evolution", "waha")],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_whatever_comes_is_stored_or_counted_and_acknowledged(
    sample: Any, request: pytest.FixtureRequest
) -> None:
    phone: Line = request.getfixturevalue(f"{sample.parent.name}_line")
    body, events = load(sample)

    status, receipt = phone.deliver(body)

    assert status == 200
    assert sum(receipt.values()) == len(events)


def test_no_key_of_the_server_is_stored(evolution_line: Line) -> None:
    for body in (
        evolution_fake.webhook("presence.update", {"id": "x", "apikey": "SERVER-KEY"}),
        evolution_fake.webhook("qrcode.updated", {"qrcode": {"base64": []}, "apikey": "SERVER-KEY"}),
        evolution_line.write("hola", sender=ANA),
    ):
        assert evolution_line.deliver(body)[0] == 200

    stored = [*WebhookItem.objects.values_list("payload", flat=True)]
    stored += Message.objects.values_list("payload", flat=True)
    assert len(stored) == 3
    assert "SERVER-KEY" not in json.dumps(stored)


def test_how_far_a_persons_message_has_come_is_kept_when_told_first(evolution_line: Line) -> None:
    evolution_line.deliver(evolution_line.write("hola", sender=ANA))

    evolution_line.deliver(evolution_fake.status_webhook("P1", "READ", recipient=ANA))
    evolution_line.deliver(evolution_line.from_phone("le atiendo yo", "P1"))

    assert Message.objects.get(external_id="P1").state == "read"
    assert not EarlyStatus.objects.exists()


def test_what_evolution_tells_of_an_instance_becomes_the_state_of_a_session(evolution_line: Line) -> None:
    told = [
        evolution_fake.webhook("connection.update", {"instance": "shop", "state": "connecting"}),
        evolution_fake.webhook("qrcode.updated", {"qrcode": evolution_fake.qr_code("shop")}),
        evolution_fake.webhook("qrcode.updated", {"qrcode": evolution_fake.qr_code("shop")}),
        evolution_fake.webhook("connection.update", {"instance": "shop", "state": "open"}),
    ]

    receipts = [evolution_line.deliver(body)[1] for body in told]

    assert [(receipt["accepted"], receipt["duplicates"]) for receipt in receipts] == [
        (1, 0),
        (1, 0),
        (0, 1),
        (1, 0),
    ]
    device = Device.objects.get(channel=evolution_line.channel)
    assert (device.session_id, device.status) == ("shop", "active")


def test_a_code_that_is_repeated_after_the_link_leaves_the_session_active(evolution_line: Line) -> None:
    code = evolution_fake.webhook("qrcode.updated", {"qrcode": evolution_fake.qr_code("shop")})
    for body in (evolution_fake.webhook("connection.update", {"state": "open"}), code, code):
        evolution_line.deliver(body)

    assert Device.objects.get().status == "active"


def test_an_older_word_of_waha_does_not_overwrite_a_newer_one(waha_line: Line) -> None:
    newer = waha_fake.webhook("session.status", {"status": "WORKING"})
    older = waha_fake.webhook("session.status", {"status": "SCAN_QR_CODE"})
    older["timestamp"] = newer["timestamp"] - 5000

    receipts = [waha_line.deliver(body)[1] for body in (newer, older)]

    assert [receipt["duplicates"] for receipt in receipts] == [0, 1]
    assert Device.objects.get().status == "active"
