"""Nobody is let in who does not belong: every endpoint there is against every key that must not open it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from botsite.api.keys import api_keys_revoke
from botsite.api.models import ApiKey, Scope
from conversations.models import Message, WhatsAppUser
from sessions_app.models import Channel
from tests.botsite.api.client import error_code, make_key
from tests.conversations.builders import make_channel, receive
from tests.endpoints import Endpoint, endpoints, guarded

ANA = "573000000001"
SECRET = "nobody else may read this"
OPEN = {"api-schema", "api-docs", "webhook", "health-live", "health-ready"}
BODY = {
    "channel": "shop",
    "to": ANA,
    "text": "hola",
    "userId": ANA,
    "user_id": 1,
    "sessionId": "s1",
    "qr": "qr",
    "status": "active",
}


def revoked(_endpoint: Endpoint) -> str:
    token = make_key()
    api_keys_revoke(ApiKey.objects.all())
    return token


def expired(_endpoint: Endpoint) -> str:
    return make_key(expires_at=timezone.now() - timedelta(seconds=1))


def tampered(_endpoint: Endpoint) -> str:
    token = make_key()
    return token[:-1] + ("1" if token[-1] == "0" else "0")


def of_other_scopes(endpoint: Endpoint) -> str:
    return make_key(*(scope for scope in Scope.values if scope != endpoint.scope))


SHUT_OUT: dict[str, tuple[Callable[[Endpoint], str], int]] = {
    "none": (lambda endpoint: "", 401),
    "garbage": (lambda endpoint: "garbage", 401),
    "tampered": (tampered, 401),
    "revoked": (revoked, 401),
    "expired": (expired, 401),
    "wrong scope": (of_other_scopes, 403),
}


@pytest.fixture
def parked(db: None) -> Message:
    """Something to do for every endpoint: a customer with a parked message."""
    receive(make_channel(), SECRET, sender=ANA)
    Message.objects.update(state="parked")
    WhatsAppUser.objects.update(turn_due_at=None)
    return Message.objects.get()


def call(endpoint: Endpoint, token: str, message: Message, **query: str) -> Any:
    address = endpoint.address(name=ANA, message_id=message.pk)
    headers = {"X-Api-Key": token} if token else {}
    client = Client(headers=headers)
    if endpoint.method == "GET":
        return client.get(address, query)
    return client.generic(endpoint.method, address, json.dumps(BODY), content_type="application/json")


def nothing_happened(parked: Message) -> bool:
    user = WhatsAppUser.objects.get()
    return list(Message.objects.all()) == [parked] and user.paused_at is None and user.turn_due_at is None


@pytest.mark.parametrize("endpoint", guarded(), ids=str)
@pytest.mark.parametrize("kind", SHUT_OUT)
def test_nobody_else_gets_in(parked: Message, endpoint: Endpoint, kind: str) -> None:
    make, status = SHUT_OUT[kind]

    answer = call(endpoint, make(endpoint), parked)

    assert answer.status_code == status
    error_code(answer)
    assert SECRET not in answer.content.decode()
    assert nothing_happened(parked)


@pytest.mark.parametrize("endpoint", guarded(), ids=str)
@pytest.mark.parametrize("query", [{}, {"channel": "shop"}], ids=["", "by channel"])
def test_a_key_of_another_channel_reads_and_changes_nothing(
    parked: Message, endpoint: Endpoint, query: dict[str, str]
) -> None:
    Channel.objects.create(slug="rent", kind="whapi")

    answer = call(endpoint, make_key(channels=("rent",)), parked, **query)

    assert answer.status_code < 500
    assert SECRET not in answer.content.decode()
    assert parked.external_id not in answer.content.decode()
    assert nothing_happened(parked)


@pytest.mark.parametrize("endpoint", guarded(), ids=str)
def test_its_own_scope_opens_it(parked: Message, endpoint: Endpoint) -> None:
    assert endpoint.scope is not None

    answer = call(endpoint, make_key(endpoint.scope, channels=("shop",)), parked)

    assert answer.status_code not in {401, 403}


def test_whatever_no_key_guards_is_meant_to_be_open() -> None:
    assert {endpoint.name for endpoint in endpoints()} - {endpoint.name for endpoint in guarded()} == OPEN
