"""What holds for every registered provider; its samples are tests/payloads/<kind>/*.json."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sessions_app.providers.base import (
    Account,
    HealthState,
    Identity,
    IdentityKind,
    InboundEvent,
    OutboundMessage,
    Provider,
    WebhookRequest,
)
from sessions_app.providers.errors import (
    ConfigurationError,
    MalformedPayloadError,
    ProviderError,
    SignatureError,
)
from sessions_app.providers.registry import PROVIDERS, get_provider
from tests.payloads import PAYLOADS, load, samples

WITHOUT_WEBHOOKS = {"gateway", "simulator"}
UNSET_HEALTH = {"gateway": HealthState.UNKNOWN, "simulator": HealthState.UP}
each_provider = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)


def shown(event: InboundEvent, fields: dict[str, Any]) -> dict[str, Any]:
    """The event's values of those fields that a sample lists, in the sample's notation."""
    found: dict[str, Any] = {"event": type(event).__name__}
    for name in fields.keys() - {"event"}:
        value = getattr(event, name)
        if isinstance(value, tuple):
            value = [f"{identity.kind}:{identity.value}" for identity in value]
        found[name] = value.isoformat() if isinstance(value, datetime) else value
    return found


@each_provider
def test_is_found_by_its_kind(provider: Provider) -> None:
    assert get_provider(provider.kind) is provider
    assert provider.text_limit > 0


def test_unknown_kind_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigurationError, match="pigeon"):
        get_provider("pigeon")


@each_provider
def test_nothing_unsigned_is_let_in(provider: Provider) -> None:
    for secrets in ((), ("",), ("secret",)):
        account = Account(slug="shop", kind=provider.kind, app_secrets=secrets)
        with pytest.raises(SignatureError):
            provider.verify(account, WebhookRequest(b"{}", {}))


@each_provider
def test_handshake_without_token_is_refused(provider: Provider) -> None:
    assert provider.handshake(Account(slug="shop", kind=provider.kind), {}) is None


@each_provider
def test_a_profile_that_cannot_be_had_is_a_provider_error(provider: Provider) -> None:
    unset = Account(slug="shop", kind=provider.kind)
    with pytest.raises(ProviderError) as caught:
        provider.fetch_profile(unset, Identity(IdentityKind.WA_ID, "573000000001"))
    assert isinstance(caught.value, ConfigurationError) == provider.fetches_profiles


@each_provider
def test_the_check_of_a_channel_that_is_not_set_up_says_so_and_asks_nobody(provider: Provider) -> None:
    health = provider.check(Account(slug="shop", kind=provider.kind))
    assert health.state == UNSET_HEALTH.get(provider.kind, HealthState.DOWN)
    assert bool(health.detail) == (health.state != HealthState.UP)


@each_provider
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[]", b"null", b'"text"', b"{}", b"[" * 100_000])
def test_what_is_no_envelope_is_malformed(provider: Provider, body: bytes) -> None:
    with pytest.raises(MalformedPayloadError):
        provider.parse(body)


@each_provider
def test_a_channel_that_is_not_set_up_sends_nothing(provider: Provider) -> None:
    message = OutboundMessage(Identity(IdentityKind.WA_ID, "573000000001"), "hola", callback_data="c")
    assert provider.carries_messages == (provider.kind != "gateway")
    if provider.kind == "simulator":
        assert provider.send(Account(slug="shop", kind=provider.kind), message)
        return
    with pytest.raises(ConfigurationError):
        provider.send(Account(slug="shop", kind=provider.kind), message)


@each_provider
def test_every_provider_with_webhooks_has_samples(provider: Provider) -> None:
    has_samples = any((PAYLOADS / provider.kind).glob("*.json"))
    assert has_samples != (provider.kind in WITHOUT_WEBHOOKS)


@pytest.mark.parametrize("sample", samples(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_sample_becomes_its_events(sample: Path) -> None:
    payload, expected = load(sample)
    events = get_provider(sample.parent.name).parse(json.dumps(payload).encode())
    assert [shown(event, fields) for event, fields in zip(events, expected, strict=False)] == expected
    assert len(events) == len(expected)
