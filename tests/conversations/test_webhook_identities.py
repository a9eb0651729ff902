"""One customer under many names, through the webhook's own URL with what the Cloud API sends."""

import json
from typing import Any

import pytest
from django.test import Client

from conversations.models import Author, Message, UserMerge, WhatsAppUser
from conversations.services import outbox
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.fakes import webhooks
from tests.fakes.graph import FakeGraph
from tests.payloads import PAYLOADS, load

MEXICAN, WITHOUT_ONE, NEW, BSUID = "5215512345678", "525512345678", "5215587654321", "MX.111"


def post(client: Client, body: bytes) -> dict[str, int]:
    headers = webhooks.signed_headers(body, "app-secret")
    response = client.post("/webhook/shop", data=body, content_type="application/json", headers=headers)
    assert response.status_code == 200
    answer: dict[str, int] = response.json()
    return answer


def contact(name: str, **names: str) -> dict[str, Any]:
    return {"profile": {"name": name}, **names}


def envelope(*items: dict[str, Any], contacts: list[dict[str, Any]] | None = None) -> bytes:
    change = webhooks.cloud_api_change(phone_number_id="1001", messages=items)
    if contacts is not None:
        change["value"]["contacts"] = contacts
    return webhooks.cloud_api_envelope(change)


def from_bsuid(text: str) -> dict[str, Any]:
    item = webhooks.message("text", {"body": text}, sender="", from_user_id=BSUID)
    return {name: value for name, value in item.items() if name != "from"}


def moved_to(number: str, **fields: str) -> bytes:
    """The notice of a new number; WhatsApp sends no contacts beside it."""
    system = {"body": "Ana cambió de número", "type": "user_changed_number"} | fields
    return envelope(webhooks.message("system", system, sender=number), contacts=[])


def test_a_mexican_number_with_and_without_its_one_is_one_customer(client: Client, channel: Channel) -> None:
    for number in (MEXICAN, WITHOUT_ONE, MEXICAN):
        post(client, envelope(webhooks.text_message("hola", sender=number)))

    user = WhatsAppUser.objects.get()
    assert list(user.messages.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]
    assert user.identities.get().value == MEXICAN


def test_a_number_and_a_bsuid_that_come_together_are_one_customer(client: Client, channel: Channel) -> None:
    post(client, envelope(webhooks.text_message("por número", sender=MEXICAN)))
    post(client, envelope(from_bsuid("por nombre"), contacts=[contact("Ana", user_id=BSUID)]))
    assert WhatsAppUser.objects.count() == 2
    both = [contact("Ana Torres", wa_id=MEXICAN, user_id=BSUID)]

    answer = post(client, envelope(webhooks.text_message("junto", sender=MEXICAN), contacts=both))

    assert answer == {"accepted": 1, "duplicates": 0, "ignored": 0}
    user = WhatsAppUser.objects.get()
    assert user.name == "Ana Torres"
    assert [m.text for m in user.messages.order_by("sequence")] == ["por número", "por nombre", "junto"]
    assert UserMerge.objects.get().reason == "named_together"


@pytest.mark.parametrize("field", ["wa_id", "new_wa_id"])
def test_a_changed_number_joins_what_came_from_both(client: Client, channel: Channel, field: str) -> None:
    post(client, envelope(webhooks.text_message("antes", sender=MEXICAN)))
    post(client, envelope(webhooks.text_message("después", sender=NEW)))

    answer = post(client, moved_to(MEXICAN, **{field: NEW}))

    assert answer == {"accepted": 0, "duplicates": 0, "ignored": 1}
    user = WhatsAppUser.objects.get()
    assert user.messages.count() == 3
    assert Message.objects.get(kind="system").reason == "number_changed"
    assert UserMerge.objects.get().reason == "number_changed"


def test_a_repeated_webhook_of_a_changed_number_changes_nothing(client: Client, channel: Channel) -> None:
    post(client, envelope(webhooks.text_message("antes", sender=MEXICAN)))
    notice = moved_to(MEXICAN, wa_id=NEW, user_id=BSUID)
    post(client, notice)

    assert post(client, notice) == {"accepted": 0, "duplicates": 1, "ignored": 0}

    names = WhatsAppUser.objects.get().identities.filter(replaced_at=None)
    assert set(names.values_list("value", flat=True)) == {NEW, BSUID}


def test_a_notice_without_a_new_number_is_stored_and_no_more(client: Client, channel: Channel) -> None:
    answer = post(client, moved_to(MEXICAN))

    assert answer == {"accepted": 0, "duplicates": 0, "ignored": 1}
    assert WhatsAppUser.objects.get().identities.get().value == MEXICAN


def test_an_unsigned_notice_moves_nobody(client: Client, channel: Channel) -> None:
    post(client, envelope(webhooks.text_message("antes", sender=MEXICAN)))
    body = moved_to(MEXICAN, wa_id=NEW)
    forged = webhooks.signed_headers(body, "another secret")

    response = client.post("/webhook/shop", data=body, content_type="application/json", headers=forged)

    assert response.status_code == 401
    assert WhatsAppUser.objects.get().identities.get().value == MEXICAN


def test_a_notice_within_a_batch_counts_for_what_follows(client: Client, channel: Channel) -> None:
    notice = json.loads(moved_to(MEXICAN, wa_id=NEW))["entry"][0]["changes"][0]
    before, after = (
        webhooks.cloud_api_change(
            phone_number_id="1001", messages=[webhooks.text_message(text, sender=number)]
        )
        for text, number in (("antes", MEXICAN), ("después", NEW))
    )

    answer = post(client, webhooks.cloud_api_envelope(before, notice, after))

    assert answer == {"accepted": 2, "duplicates": 0, "ignored": 1}
    user = WhatsAppUser.objects.get()
    assert user.identities.get(replaced_at=None).value == NEW
    assert user.messages.count() == 3


def test_replies_go_to_the_new_number(client: Client, live_channel: Channel, graph: FakeGraph) -> None:
    post(client, envelope(webhooks.text_message("hola", sender=MEXICAN)))
    post(client, moved_to(MEXICAN, wa_id=NEW))
    user = WhatsAppUser.objects.get()
    outbound_append(user, "¿Sigue interesada?", author=Author.STAFF)

    outbox.deliver_user(user.pk)

    assert graph.texts_to(NEW) == ["¿Sigue interesada?"]
    assert graph.texts_to(MEXICAN) == []


def test_an_echo_to_another_form_pauses_the_same_customer(client: Client, channel: Channel) -> None:
    post(client, envelope(webhooks.text_message("hola", sender=MEXICAN)))
    change = webhooks.cloud_api_change(phone_number_id="1001", field="smb_message_echoes")
    echo = webhooks.text_message("Le atiendo yo", sender="15550783881") | {"to": WITHOUT_ONE}
    change["value"]["message_echoes"] = [echo]

    post(client, webhooks.cloud_api_envelope(change))

    user = WhatsAppUser.objects.get()
    assert user.paused_at is not None
    assert user.messages.get(author="phone").text == "Le atiendo yo"


@pytest.mark.parametrize("name", ["identities", "not_answered"])
def test_the_samples_leave_one_user_per_person(client: Client, db: None, name: str) -> None:
    make_channel(phone_number_id="106540352242922")
    payload, _ = load(PAYLOADS / "cloud_api" / f"{name}.json")

    post(client, json.dumps(payload).encode())

    names = WhatsAppUser.objects.get(identities__value="5491122334455").identities
    expected = {"identities": {"5491122334455", "AR.111"}, "not_answered": {"5491122334455", "5491199887766"}}
    assert set(names.values_list("value", flat=True)) == expected[name]
    assert not UserMerge.objects.exists()
