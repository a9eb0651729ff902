"""Who gets in, and how he says who he is; tests/test_authorisation_matrix.py has who does not."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from botsite.api.keys import api_keys_revoke
from botsite.api.models import ApiKey, Scope
from conversations.models import Message, WhatsAppUser
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, make_key
from tests.conversations.builders import receive

ANA = "573000000001"
ENDPOINTS = {
    "send": ("POST", "/api/messages", Scope.MESSAGES_WRITE),
    "list": ("GET", "/api/messages?channel=shop", Scope.MESSAGES_READ),
    "replay": ("POST", "/api/messages/{message}/replay", Scope.MESSAGES_WRITE),
    "user": ("GET", f"/api/users/{ANA}", Scope.USERS_READ),
    "transcript": ("GET", f"/api/users/{ANA}/messages", Scope.USERS_READ),
    "pause": ("POST", f"/api/users/{ANA}/pause", Scope.MESSAGES_WRITE),
    "resume": ("POST", f"/api/users/{ANA}/resume", Scope.MESSAGES_WRITE),
}
OTHER_CHANNEL = {"send": 403, "list": 403}  # elsewhere the thing is not there: 404


def revoked(_scope: Scope) -> str:
    token = make_key()
    api_keys_revoke(ApiKey.objects.all())
    return token


def tampered(_scope: Scope) -> str:
    token = make_key()
    return token[:-1] + ("1" if token[-1] == "0" else "0")


@pytest.fixture
def parked(channel: Channel) -> Message:
    """Something to do for every endpoint: a customer with a parked message."""
    receive(channel, "hola", sender=ANA)
    Message.objects.update(state="parked")
    WhatsAppUser.objects.update(turn_due_at=None)
    return Message.objects.get()


def call(api: Api, endpoint: str, message: Message) -> Any:
    method, address, _ = ENDPOINTS[endpoint]
    address = address.format(message=message.pk)
    if method == "GET":
        return api.get(address)
    return api.post(address, {"channel": "shop", "to": ANA, "text": "hola"})


def nothing_happened(parked: Message) -> bool:
    user = WhatsAppUser.objects.get()
    return list(Message.objects.all()) == [parked] and user.paused_at is None and user.turn_due_at is None


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_key_of_another_channel_finds_nothing(parked: Message, endpoint: str) -> None:
    answer = call(Api(make_key(channels=("rent",))), endpoint, parked)

    assert answer.status_code == OTHER_CHANNEL.get(endpoint, 404)
    error_code(answer)
    assert nothing_happened(parked)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_right_key_gets_in(parked: Message, endpoint: str) -> None:
    token = make_key(ENDPOINTS[endpoint][2], channels=("shop",))

    assert call(Api(token), endpoint, parked).status_code in {200, 202}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_other_methods_are_405(parked: Message, endpoint: str) -> None:
    api = Api(make_key())
    address = ENDPOINTS[endpoint][1].format(message=parked.pk)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = api.call(method, address)
        assert (answer.status_code, error_code(answer)) == (405, "method_not_allowed")
        assert ENDPOINTS[endpoint][0] in answer.headers["Allow"]


@pytest.mark.parametrize("header", ["Api-Key {}", "api-key {}", "Api-Key  {} "])
def test_the_authorization_header_works_as_well(parked: Message, client: Client, header: str) -> None:
    headers = {"Authorization": header.format(make_key("messages:read"))}

    assert client.get("/api/messages", headers=headers).status_code == 200


@pytest.mark.parametrize("header", ["Bearer {}", "{}", "Api-Key", "Api-Key x{}", "Basic {}"])
def test_other_authorization_schemes_do_not(parked: Message, client: Client, header: str) -> None:
    headers = {"Authorization": header.format(make_key("messages:read"))}

    assert client.get("/api/messages", headers=headers).status_code == 401


def test_a_login_of_the_admin_is_no_api_key(admin_client: Client) -> None:
    assert admin_client.get("/api/messages").status_code == 401


def test_a_refused_key_costs_one_query(
    parked: Message, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api = Api(tampered(Scope.USERS_READ))

    with django_assert_num_queries(1):
        assert api.get("/api/messages").status_code == 401


def test_no_key_stands_in_the_log(
    parked: Message, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    tokens = [make_key(), revoked(Scope.USERS_READ)]
    for token in tokens:
        Api(token).get("/api/messages")
        Api(token).get("/api/nowhere")

    logged = caplog.text + "".join(capfd.readouterr())
    assert "SECURITY_EVENT" in logged
    for token in tokens:
        assert token.rpartition("_")[2] not in logged
