"""Sending over Evolution and WAHA, and asking them: what goes out, and what each kind of answer means."""

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
from sessions_app.providers.waha import client as waha_client
from tests.fakes.behaviour import Behaviour
from tests.fakes.evolution import FakeEvolution
from tests.fakes.raw import raw_server
from tests.fakes.waha import FakeWaha

Fake = FakeEvolution | FakeWaha
CUSTOMER = Identity(IdentityKind.WA_ID, "573003913251")
MESSAGE = OutboundMessage(CUSTOMER, "¡Hola! 👋", callback_data="c-1")


@pytest.fixture(params=["evolution", "waha"])
def fake(request: pytest.FixtureRequest) -> Fake:
    server: Fake = request.getfixturevalue(request.param)
    server.configure(key="secret-key")
    return server


def account_at(fake: Fake) -> Account:
    kind = "evolution" if isinstance(fake, FakeEvolution) else "waha"
    return account(kind, fake.url)


def account(kind: str, url: str) -> Account:
    return Account(slug="shop", kind=kind, base_url=url, access_token="secret-key", instance="shop")


def send_failure(account: Account, message: OutboundMessage = MESSAGE) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        get_provider(account.kind).send(account, message)
    return caught.value


def test_a_text_is_sent_over_evolution_and_its_id_returned(evolution: FakeEvolution) -> None:
    provider, account = get_provider("evolution"), account_at(evolution)

    external_id = provider.send(account, MESSAGE)
    provider.send(account, replace(MESSAGE, reply_to="Q1", recipient=Identity(IdentityKind.LID, "7@lid")))

    first, second = evolution.sent
    assert (external_id, first.instance) == (first.id, "shop")
    assert first.body == {"number": "573003913251", "text": "¡Hola! 👋"}
    assert second.body == {"number": "7@lid", "text": "¡Hola! 👋", "quoted": {"key": {"id": "Q1"}}}


def test_a_text_is_sent_over_waha_and_whatsapps_own_id_returned(waha: FakeWaha) -> None:
    provider, account = get_provider("waha"), account_at(waha)
    quoted = "false_573003913251@c.us_Q1"

    external_id = provider.send(account, MESSAGE)
    provider.send(account, replace(MESSAGE, reply_to=quoted, recipient=Identity(IdentityKind.LID, "7@lid")))

    first, second = waha.sent
    assert external_id == first.id
    assert first.body == {"session": "shop", "chatId": "573003913251@c.us", "text": "¡Hola! 👋"}
    assert second.body == {"session": "shop", "chatId": "7@lid", "text": "¡Hola! 👋", "reply_to": quoted}


@pytest.mark.parametrize(
    "wrong",
    [{"template_name": "welcome"}, {"recipient": Identity(IdentityKind.BSUID, "CO.1")}],
    ids=["template", "business-scoped id"],
)
def test_what_a_linked_phone_cannot_send_fails_for_good_without_a_call(
    fake: Fake, wrong: dict[str, Any]
) -> None:
    assert type(send_failure(account_at(fake), replace(MESSAGE, **wrong))) is PermanentError
    assert fake.requests == []


@pytest.mark.parametrize("missing", ["base_url", "access_token", "instance"])
def test_what_a_channel_lacks_is_named_without_a_call(fake: Fake, missing: str) -> None:
    without: dict[str, Any] = {missing: ""}
    error = send_failure(replace(account_at(fake), **without))

    assert type(error) is ConfigurationError
    assert missing.replace("_", " ") in error.detail
    assert fake.requests == []


@pytest.mark.parametrize(
    ("behaviour", "send_error"),
    [
        (Behaviour(status=400), PermanentError),
        (Behaviour(status=401), ConfigurationError),
        (Behaviour(status=403), ConfigurationError),
        (Behaviour(status=404), ConfigurationError),
        (Behaviour(status=422), ConfigurationError),
        (Behaviour(status=302), ConfigurationError),
        (Behaviour(status=429, retry_after=7), ThrottledError),
        (Behaviour(status=503, retry_after=7), ThrottledError),
        (Behaviour(status=500), AmbiguousError),
        (Behaviour(drop="before"), AmbiguousError),
        (Behaviour(drop="after"), AmbiguousError),
        (Behaviour(distort="garbage"), AmbiguousError),
        (Behaviour(distort="html"), AmbiguousError),
        (Behaviour(distort="truncated"), AmbiguousError),
        (Behaviour(distort="huge"), AmbiguousError),
    ],
    ids=repr,
)
def test_each_failure_of_a_send_says_whether_to_try_again(
    fake: Fake, behaviour: Behaviour, send_error: type[ProviderError]
) -> None:
    fake.behave(behaviour)

    error = send_failure(account_at(fake))

    assert type(error) is send_error
    if isinstance(error, ThrottledError):
        assert error.retry_after == 7


@pytest.mark.parametrize("kind", ["evolution", "waha"])
def test_without_a_connection_nothing_was_sent(kind: str) -> None:
    nobody = account(kind, "http://127.0.0.1:1")

    assert type(send_failure(nobody)) is RetryableError
    assert get_provider(kind).check(nobody).state == "down"


def test_the_reason_is_told_and_the_key_is_not(fake: Fake) -> None:
    fake.behave(Behaviour(status=403, message="key secret-key is blocked"))

    assert send_failure(account_at(fake)).detail == "key *** is blocked"


def test_a_number_without_whatsapp_is_told_as_such() -> None:
    body = b'{"status":400,"response":{"message":[{"jid":"1@s.whatsapp.net","exists":false,"number":"1"}]}}'
    with raw_server(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)) as url:
        error = send_failure(account("evolution", url))

    assert (type(error), error.detail) == (PermanentError, "the number has no WhatsApp")


@pytest.mark.parametrize("kind", ["evolution", "waha"])
@pytest.mark.parametrize("answer", [b"{}", b'{"key": {"id": []}, "id": 7.5}', b"[]", b'"text"'])
def test_success_without_an_id_is_ambiguous(kind: str, answer: bytes) -> None:
    if kind == "waha" and b"7.5" in answer:
        answer = b'{"id": {"fromMe": true}}'
    with raw_server(b"HTTP/1.1 201 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)) as url:
        assert type(send_failure(account(kind, url))) is AmbiguousError


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id": "true_573003913251@c.us_3EB0X"}',
        b'{"id": {"_serialized": "true_573003913251@c.us_3EB0X", "fromMe": true}}',
        b'{"id": "3EB0X"}',
        b'{"key": {"remoteJid": "573003913251@s.whatsapp.net", "id": "3EB0X"}}',
        b'{"_data": {"key": {"id": "3EB0X"}}}',
    ],
)
def test_every_engine_of_waha_words_its_answer_differently(answer: bytes) -> None:
    with raw_server(b"HTTP/1.1 201 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)) as url:
        assert get_provider("waha").send(account("waha", url), MESSAGE) == "3EB0X"


def test_a_slow_answer_to_a_send_is_given_up(
    evolution: FakeEvolution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.providers.evolution.client.SEND_SECONDS", 0.2)
    evolution.behave(Behaviour(delay=5))

    assert type(send_failure(account_at(evolution))) is AmbiguousError


def test_waha_marks_as_read_and_shows_typing_in_the_chat_of_the_message(waha: FakeWaha) -> None:
    name = "false_573003913251@c.us_3EB0Q"

    get_provider("waha").show_typing(account_at(waha), name)

    chat = {"session": "shop", "chatId": "573003913251@c.us"}
    assert [(record.operation, record.body) for record in waha.requests] == [
        ("seen", chat | {"messageIds": [name]}),
        ("typing", chat),
    ]


def test_typing_that_cannot_be_shown_is_of_no_consequence(
    waha: FakeWaha, evolution: FakeEvolution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waha_client, "TYPING_SECONDS", 0.2)
    waha.behave(Behaviour(on="seen", delay=5))
    provider, channel = get_provider("waha"), account_at(waha)

    provider.show_typing(channel, "false_573003913251@c.us_3EB0Q")
    provider.show_typing(replace(channel, instance=""), "false_573003913251@c.us_3EB0Q")
    provider.show_typing(channel, "3EB0Q")
    get_provider("evolution").show_typing(account_at(evolution), "3EB0Q")

    assert waha.asked() == ["seen"]
    assert evolution.asked() == []


@pytest.mark.parametrize(
    ("contact", "profile"),
    [
        ({"name": "Ana Cliente", "pushname": "Anita"}, Profile("Ana Cliente", "Anita")),
        ({"pushName": "Anita"}, Profile("Anita", "Anita")),
        ({"shortName": "Ana", "name": None}, Profile("Ana", "")),
    ],
)
def test_a_contact_of_waha_has_names_and_no_word_on_labels(
    waha: FakeWaha, contact: dict[str, Any], profile: Profile
) -> None:
    waha.configure(contact=contact)

    assert get_provider("waha").fetch_profile(account_at(waha), CUSTOMER) == profile


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour(on="contact", status=500), RetryableError),
        (Behaviour(on="contact", distort="garbage"), RetryableError),
        (Behaviour(on="contact", delay=5), RetryableError),
        (Behaviour(on="contact", status=404), PermanentError),
        (Behaviour(on="contact"), PermanentError),
    ],
    ids=repr,
)
def test_a_contact_that_cannot_be_had_is_a_provider_error(
    waha: FakeWaha, behaviour: Behaviour, error: type[ProviderError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.providers.waha.profiles.ASK_SECONDS", 1.0)
    waha.behave(behaviour)

    with pytest.raises(error):
        get_provider("waha").fetch_profile(account_at(waha), CUSTOMER)


@pytest.mark.parametrize(
    ("word", "state"), [("open", "up"), ("connecting", "degraded"), ("close", "down"), ("odd", "unknown")]
)
def test_the_health_of_an_evolution_channel(evolution: FakeEvolution, word: str, state: str) -> None:
    evolution.set_state("shop", word)

    assert_health(evolution, state, word)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("WORKING", "up"),
        ("STARTING", "degraded"),
        ("SCAN_QR_CODE", "down"),
        ("FAILED", "down"),
        ("ODD", "unknown"),
    ],
)
def test_the_health_of_a_waha_channel(waha: FakeWaha, word: str, state: str) -> None:
    waha.set_status("shop", word)

    assert_health(waha, state, word)


def assert_health(fake: Fake, state: str, word: str) -> None:
    channel = account_at(fake)
    health = get_provider(channel.kind).check(channel)
    assert (health.state, health.detail) == (state, word)


def test_a_refused_check_is_down_and_says_why(fake: Fake) -> None:
    channel = replace(account_at(fake), access_token="other")

    health = get_provider(channel.kind).check(channel)

    assert (health.state, "Unauthorized" in health.detail) == ("down", True)
