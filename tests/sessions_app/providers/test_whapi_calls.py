"""Sending over Whapi, and asking it: what goes out, and what each kind of answer means."""

from dataclasses import replace
from typing import Any

import pytest

from sessions_app.providers.base import Account, Identity, IdentityKind, OutboundMessage, Profile
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    ProviderError,
    RetryableError,
    ThrottledError,
)
from sessions_app.providers.registry import get_provider
from sessions_app.providers.whapi import profiles
from tests.fakes.behaviour import Behaviour
from tests.fakes.raw import raw_server
from tests.fakes.whapi import FakeWhapi

provider = get_provider("whapi")
CUSTOMER = Identity(IdentityKind.WA_ID, "573003913251")
CHAT = "573003913251@s.whatsapp.net"
MESSAGE = OutboundMessage(CUSTOMER, "¡Hola! 👋", callback_data="c-1")


@pytest.fixture
def account(whapi: FakeWhapi) -> Account:
    whapi.configure(token="secret-token")
    return Account(slug="whapi", kind="whapi", base_url=whapi.url, access_token="secret-token")


def send_failure(account: Account, message: OutboundMessage = MESSAGE) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.send(account, message)
    return caught.value


def fetch_failure(account: Account) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.fetch_profile(account, CUSTOMER)
    return caught.value


def test_a_text_is_sent_and_its_id_returned(whapi: FakeWhapi, account: Account) -> None:
    external_id = provider.send(account, MESSAGE)
    provider.send(account, replace(MESSAGE, reply_to="q1-gB", recipient=Identity(IdentityKind.LID, "7@lid")))

    first, second = whapi.sent
    assert external_id == first.id
    assert first.body == {"to": CHAT, "body": "¡Hola! 👋"}
    assert second.body == {"to": "7@lid", "body": "¡Hola! 👋", "quoted": "q1-gB"}


@pytest.mark.parametrize(
    "wrong",
    [{"template_name": "welcome"}, {"recipient": Identity(IdentityKind.BSUID, "CO.1")}],
    ids=["template", "business-scoped id"],
)
def test_what_whapi_cannot_send_fails_for_good_without_a_call(
    whapi: FakeWhapi, account: Account, wrong: dict[str, Any]
) -> None:
    assert type(send_failure(account, replace(MESSAGE, **wrong))) is PermanentError
    assert whapi.requests == []


def test_a_channel_without_token_is_a_matter_of_configuration(whapi: FakeWhapi, account: Account) -> None:
    assert type(send_failure(replace(account, access_token=""))) is ConfigurationError
    assert whapi.requests == []


@pytest.mark.parametrize(
    ("behaviour", "send_error", "fetch_error"),
    [
        (Behaviour(status=400), PermanentError, PermanentError),
        (Behaviour(status=401), ConfigurationError, ConfigurationError),
        (Behaviour(status=402), ConfigurationError, ConfigurationError),
        (Behaviour(status=403), ConfigurationError, ConfigurationError),
        (Behaviour(status=404), ConfigurationError, PermanentError),
        (Behaviour(status=302), ConfigurationError, ConfigurationError),
        (Behaviour(status=429, retry_after=7), ThrottledError, ThrottledError),
        (Behaviour(status=503, retry_after=7), ThrottledError, ThrottledError),
        (Behaviour(status=500), AmbiguousError, RetryableError),
        (Behaviour(drop="after"), AmbiguousError, RetryableError),
        (Behaviour(distort="garbage"), AmbiguousError, RetryableError),
        (Behaviour(distort="truncated"), AmbiguousError, RetryableError),
        (Behaviour(distort="huge"), AmbiguousError, RetryableError),
    ],
    ids=repr,
)
def test_each_failure_says_whether_to_try_again(
    whapi: FakeWhapi,
    account: Account,
    behaviour: Behaviour,
    send_error: type[ProviderError],
    fetch_error: type[ProviderError],
) -> None:
    whapi.know(CHAT, name="Ana")
    for operation in ("send", "chat", "profile"):
        whapi.behave(replace(behaviour, on=operation))

    sent, fetched = send_failure(account), fetch_failure(account)

    assert (type(sent), type(fetched)) == (send_error, fetch_error)
    if isinstance(sent, ThrottledError):
        assert sent.retry_after == 7


def test_without_a_connection_nothing_was_sent() -> None:
    nobody = Account(slug="w", kind="whapi", base_url="http://127.0.0.1:1", access_token="t")
    assert type(send_failure(nobody)) is RetryableError
    assert type(fetch_failure(nobody)) is RetryableError
    assert provider.check(nobody).state == "down"


def test_the_reason_is_told_and_the_token_is_not(whapi: FakeWhapi, account: Account) -> None:
    whapi.behave(Behaviour(status=403, message="token secret-token is blocked"))

    error = send_failure(account)

    assert error.detail == "token *** is blocked: told by the fake"


@pytest.mark.parametrize("answer", [b'{"sent": false, "message": {"id": "a"}}', b'{"sent": true}', b"[]"])
def test_success_without_a_message_is_ambiguous(answer: bytes) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)) as url:
        account = Account(slug="w", kind="whapi", base_url=url, access_token="t")
        assert type(send_failure(account)) is AmbiguousError


def test_a_profile_is_the_name_of_the_address_book_and_the_labels_of_the_chat(
    whapi: FakeWhapi, account: Account
) -> None:
    whapi.know(CHAT, name="Ana Cliente", labels=("VIP", "Paga"), own_name="Anita")

    assert provider.fetch_profile(account, CUSTOMER) == Profile("Ana Cliente", "Anita", ("VIP", "Paga"))
    assert [record.path for record in whapi.requests] == [f"/chats/{CHAT}", f"/contacts/{CHAT}/profile"]


def test_a_contact_without_a_chat_has_its_own_name_and_no_word_on_labels(
    whapi: FakeWhapi, account: Account
) -> None:
    whapi.configure(profiles={CHAT: {"pushname": "Anita", "icon": []}})

    assert provider.fetch_profile(account, CUSTOMER) == Profile("Anita", "Anita", None)


def test_a_hidden_profile_leaves_what_the_chat_says(whapi: FakeWhapi, account: Account) -> None:
    whapi.configure(chats={CHAT: {"name": 7, "labels": [{"name": "VIP"}, {"name": None}, "x", {"id": "3"}]}})

    assert provider.fetch_profile(account, CUSTOMER) == Profile("7", "", ("VIP",))


def test_nobody_known_is_permanent(whapi: FakeWhapi, account: Account) -> None:
    assert type(fetch_failure(account)) is PermanentError


def test_a_slow_profile_is_given_up(
    whapi: FakeWhapi, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "ASK_SECONDS", 0.2)
    whapi.behave(Behaviour(on="chat", delay=5))

    assert type(fetch_failure(account)) is RetryableError


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("AUTH", "up"),
        ("INIT", "degraded"),
        ("SYNC_ERROR", "degraded"),
        ("QR", "down"),
        ("STOP", "down"),
        ("DREAMING", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_health_of_a_channel(whapi: FakeWhapi, account: Account, text: str, state: str) -> None:
    whapi.configure(health=text)

    health = provider.check(account)

    assert (health.state, health.detail) == (state, text)


def test_a_refused_check_is_down_and_says_why(whapi: FakeWhapi, account: Account) -> None:
    health = provider.check(replace(account, access_token="other"))

    assert health.state == "down"
    assert "Channel authorization required" in health.detail
