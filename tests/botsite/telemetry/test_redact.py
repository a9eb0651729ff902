"""What the masking hides wherever it stands, and what it leaves readable."""

import pytest

from botsite.telemetry import redact
from botsite.telemetry.redact import hide_fields, hide_values, mask_arguments, mask_event, mask_text
from sessions_app.providers.base import Provider
from sessions_app.providers.registry import PROVIDERS


@pytest.mark.parametrize(
    "number",
    [
        "573003913251",
        "+573003913251",
        "+57 300 391 3251",
        "57-300-391-3251",
        "(300) 391-3251",
        "573003913251@s.whatsapp.net",
        "573003913251:12@s.whatsapp.net",
        "573003913251-1612345678@g.us",
        "user_573003913251",
        "/api/users/573003913251/messages",
        "tel:+573003913251",
        "wamid.HBgMNTczMDAzOTEzMjUxFQIAEhgUM0EwMTIzNDU2Nzg5QUJDREVGMDEA",
    ],
)
def test_a_number_shows_in_no_form(number: str) -> None:
    masked = mask_text(f"from {number}, or so")

    assert "3913251" not in masked.replace(" ", "").replace("-", "")
    assert "NTczMDAzOTEz" not in masked
    assert masked.startswith("from ")
    assert masked.endswith(", or so")


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abcdef.123456",
        "Api-Key bsk_abcdef_123456",
        "sk-proj-abcdef123456",
        "EAAGabcdef123456",
        "redis://user:abcdef123456@host:6379/0",
        "https://host/path?access_token=abcdef123456&x=1",
        "X-Webhook-Secret: abcdef123456",
        '{"token": "abcdef123456", "n": 1}',
        "{'app_secret': 'abcdef123456'}",
        "/webhook/shop/abcdef123456 ended",
        "duplicate key\nDETAIL:  Key (value)=(abcdef123456) already exists.",
    ],
)
def test_a_credential_shows_nowhere(text: str) -> None:
    assert "123456" not in mask_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T12:00:00.123456Z",
        "192.168.100.200:8000",
        "task 7c0ffee1-1234-4321-9876-0123456789ab received",
        "/admin/conversations/message/12345/change/",
        "7 of 1,000 items in 12.5 ms",
    ],
)
def test_times_addresses_and_ids_stay_readable(text: str) -> None:
    assert mask_text(text) == text


def test_private_fields_are_hidden_in_events_and_in_what_they_hold() -> None:
    event = {
        "event": "X",
        "text": "hola",
        "facts": {"body": "hola", "n": 1, "of": ["573003913251", 573003913251]},
    }

    masked = mask_event(None, "", event)

    assert masked["text"] == "***"
    assert masked["facts"] == {"body": "***", "n": 1, "of": ["57********51"] * 2}


def test_values_that_are_secret_are_hidden_and_short_ones_are_not_taken_for_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redact, "_declared_values", set())
    hide_values(["", "red", "Long-Secret(1)"])
    try:
        assert mask_text("a red Long-Secret(1) flag") == "a red *** flag"
    finally:
        monkeypatch.undo()
        hide_values([])


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_provider_declares_its_private_fields_and_they_are_hidden(provider: Provider) -> None:
    assert provider.private_fields
    for field in provider.private_fields:
        assert "hola" not in mask_text(f'{{"{field}": "hola", "n": 1}} {{\'{field}\': \'hola\'}}')
        assert "hola" not in mask_text(f'"{{\\"{field}\\": \\"hola\\"}}"')


def test_fields_are_hidden_whatever_their_case() -> None:
    hide_fields(["Nickname"])

    assert mask_event(None, "", {"NickName": "Ana"}) == {"NickName": "***"}


def test_arguments_of_other_libraries_are_masked_and_numbers_stay_numbers() -> None:
    assert mask_arguments((3, "573003913251", ValueError("hola"))) == (3, "57********51", "ValueError")
    assert mask_arguments({"name": "task", "args": "('hola',)"}) == {"name": "task", "args": "***"}


@pytest.mark.parametrize("text", ["Bearer abcdefghij", "EAAabcdefghij", "bsk_abcdefghij", "AIzaabcdefghij"])
def test_a_credential_of_letters_alone_is_one_too(text: str) -> None:
    assert "abcdefghij" not in mask_text(f"with {text}")


def test_a_large_text_costs_no_quadratic_time() -> None:
    assert len(mask_text("'" * 100_000 + "=" + "1 " * 50_000)) > 0
