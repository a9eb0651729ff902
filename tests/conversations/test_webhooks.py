"""The webhook over HTTP: proof first, all items, clear errors, and 200 only for what is stored."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from conversations.models import Message, WebhookItem
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.fakes import webhooks


def post(client: Client, body: bytes, *, secret: str = "app-secret", path: str = "/webhook/shop") -> Any:
    return client.post(
        path,
        data=body,
        content_type="application/json",
        headers={"X-Hub-Signature-256": webhooks.sign(body, secret)},
    )


def test_the_handshake_returns_the_raw_challenge(client: Client, channel: Channel) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "12345"}

    response = client.get("/webhook/shop", query)

    assert (response.status_code, response.content) == (200, b"12345")
    assert client.get("/webhook/shop", query | {"hub.verify_token": "x"}).status_code == 403


def test_every_entry_change_and_message_is_stored(client: Client, channel: Channel) -> None:
    changes = [
        webhooks.cloud_api_change(
            phone_number_id="1001",
            messages=[
                webhooks.text_message(f"uno {entry}", sender=f"57300000000{entry}"),
                webhooks.text_message(f"dos {entry}", sender=f"57300000000{entry}"),
            ],
        )
        for entry in range(3)
    ]

    response = post(client, webhooks.cloud_api_envelope(*changes))

    assert response.json() == {"accepted": 6, "duplicates": 0, "ignored": 0}
    assert Message.objects.count() == 6


def test_a_repeated_webhook_is_counted(client: Client, channel: Channel) -> None:
    change = webhooks.cloud_api_change(
        phone_number_id="1001", messages=[webhooks.text_message("hola", sender="573000000001")]
    )
    body = webhooks.cloud_api_envelope(change)
    post(client, body)

    assert post(client, body).json() == {"accepted": 0, "duplicates": 1, "ignored": 0}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"{}"),
        ({"X-Hub-Signature-256": "sha256=" + "0" * 64}, b"{}"),
        ({"X-Hub-Signature-256": "sha256=zz"}, b"not json"),
        ({"X-Hub-Signature-256": "md5=ñ"}, b""),
    ],
)
def test_a_bad_signature_is_401_before_anything_else(
    client: Client, channel: Channel, headers: dict[str, str], body: bytes
) -> None:
    response = client.post("/webhook/shop", data=body, content_type="application/json", headers=headers)

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthorized"


def test_the_previous_secret_is_good_during_a_rotation(client: Client, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(app_secret="new", previous_app_secret="app-secret")
    body = webhooks.cloud_api_envelope()

    assert post(client, body).status_code == 200
    assert post(client, body, secret="new").status_code == 200
    assert post(client, body, secret="older").status_code == 401


def test_what_is_not_json_is_400(client: Client, channel: Channel) -> None:
    for body in (b"not json", b"[1, 2]", b"\xff\xfe", b'{"entry": ' + b"[" * 100_000):
        assert post(client, body).status_code == 400


def test_a_channel_that_is_known_costs_no_query(client: Client, channel: Channel) -> None:
    body = webhooks.cloud_api_envelope(webhooks.cloud_api_change(phone_number_id="1001", messages=[]))
    post(client, body)

    with CaptureQueriesContext(connection) as captured:
        assert post(client, body).status_code == 200

    assert not [query["sql"] for query in captured if "sessions_app_channel" in query["sql"]]


def test_a_deactivated_channel_is_refused_at_once(
    client: Client, channel: Channel, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert post(client, webhooks.cloud_api_envelope()).status_code == 200

    channel.is_active = False
    with django_capture_on_commit_callbacks(execute=True):
        channel.save()

    assert post(client, webhooks.cloud_api_envelope()).status_code == 404


def test_an_unknown_or_inactive_channel_is_404(client: Client, channel: Channel) -> None:
    make_channel("asleep", phone_number_id="", is_active=False)

    assert post(client, b"{}", path="/webhook/nobody").status_code == 404
    assert post(client, b"{}", path="/webhook/asleep").status_code == 404


def test_a_body_over_the_limit_is_413_and_one_at_the_limit_is_read(client: Client, channel: Channel) -> None:
    envelope = json.loads(webhooks.cloud_api_envelope())
    body = json.dumps(envelope | {"padding": "x" * 3_145_728}).encode()

    assert post(client, body).status_code == 413
    assert post(client, body[:3_145_728]).status_code == 400
    padded = json.dumps(envelope | {"padding": "x" * 3_145_000}).encode()
    assert post(client, padded).status_code == 200


def test_a_body_without_its_length_is_411(client: Client, channel: Channel) -> None:
    chunked = {"Transfer-Encoding": "chunked"}

    response = client.post("/webhook/shop", data=b"", content_type="application/json", headers=chunked)

    assert response.status_code == 411


def test_unknown_types_are_stored_and_acknowledged(client: Client, channel: Channel) -> None:
    change = webhooks.cloud_api_change(
        phone_number_id="1001",
        messages=[
            webhooks.message("hologram", {"x": 1}, sender="573000000001"),
            webhooks.text_message("hola", sender="573000000001"),
            {"id": 5, "type": ["odd"]},
        ],
    )
    odd = webhooks.cloud_api_change(phone_number_id="1001", field="account_update")

    response = post(client, webhooks.cloud_api_envelope(change, odd))

    assert response.status_code == 200
    assert sum(response.json().values()) >= 3
    assert Message.objects.filter(text="hola", state="pending").count() == 1
    assert WebhookItem.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_405(client: Client, channel: Channel, method: str) -> None:
    assert getattr(client, method)("/webhook/shop").status_code == 405


def test_a_trailing_slash_is_the_same_webhook(client: Client, channel: Channel) -> None:
    assert post(client, webhooks.cloud_api_envelope(), path="/webhook/shop/").status_code == 200
