"""Who may bring webhooks to a channel of Evolution or WAHA."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError
from sessions_app.providers.proof import LATE_SECONDS
from sessions_app.providers.registry import get_provider
from tests.fakes.waha import signed_headers

SECRETS = ("nuevo-ñ", "old")
BODY = b'{"event": "message"}'


def is_let_in(
    kind: str, headers: dict[str, str] | None = None, *, path_secret: str = "", body: bytes = BODY
) -> bool:
    named = {name.lower(): value for name, value in (headers or {}).items()}
    try:
        get_provider(kind).verify(
            Account(slug="shop", kind=kind, app_secrets=SECRETS), WebhookRequest(body, named, path_secret)
        )
    except SignatureError:
        return False
    return True


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def bearer(secret: str, *, algorithm: str = "HS256", **claims: Any) -> dict[str, str]:
    signed = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part({'app': 'evolution', **claims})}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    encoded = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    return {"Authorization": f"Bearer {signed}.{encoded}"}


@pytest.mark.parametrize("kind", ["evolution", "waha"])
def test_either_live_secret_opens_by_header_or_by_address(kind: str) -> None:
    for secret in SECRETS:
        assert is_let_in(kind, {"X-Webhook-Secret": secret})
        assert is_let_in(kind, path_secret=secret)


@pytest.mark.parametrize("kind", ["evolution", "waha"])
@pytest.mark.parametrize("wrong", ["", "ol", "old ", "OLD", "nuevo-n", "\udcff"])
def test_another_secret_does_not(kind: str, wrong: str) -> None:
    assert not is_let_in(kind, {"X-Webhook-Secret": wrong})
    assert not is_let_in(kind, path_secret=wrong)


def test_evolution_may_sign_a_token_with_either_secret() -> None:
    now = time.time()
    for secret in SECRETS:
        assert is_let_in("evolution", bearer(secret, iat=int(now), exp=int(now) + 600))
        assert is_let_in("evolution", bearer(secret))


def test_a_repeated_webhook_may_carry_its_first_token_for_a_while() -> None:
    now = time.time()

    assert is_let_in("evolution", bearer("old", exp=now - LATE_SECONDS + 60))
    assert not is_let_in("evolution", bearer("old", exp=now - LATE_SECONDS - 60))


@pytest.mark.parametrize(
    "headers",
    [
        bearer("other"),
        bearer("old", algorithm="none"),
        bearer("old", algorithm="HS512"),
        bearer("old", exp="tomorrow"),
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer a.b.ñ\udcff"},
        {"Authorization": "Basic " + bearer("old")["Authorization"][7:]},
        {"Authorization": bearer("old")["Authorization"].rpartition(".")[0] + "."},
    ],
)
def test_no_other_token_is_good_enough(headers: dict[str, str]) -> None:
    assert not is_let_in("evolution", headers)


def test_a_token_is_nothing_to_waha_and_a_wrong_secret_is_not_made_good_by_one() -> None:
    assert not is_let_in("waha", bearer("old"))
    assert not is_let_in("evolution", bearer("old") | {"X-Webhook-Secret": "wrong"})


def test_waha_signs_the_raw_body_with_either_secret() -> None:
    for secret in SECRETS:
        assert is_let_in("waha", signed_headers(BODY, secret))
        assert is_let_in("waha", {"X-Webhook-Hmac": signed_headers(BODY, secret)["X-Webhook-Hmac"].upper()})


def test_another_body_secret_or_algorithm_is_not_signed() -> None:
    headers = signed_headers(BODY, "old")

    assert not is_let_in("waha", headers, body=BODY + b" ")
    assert not is_let_in("waha", signed_headers(BODY, "older"))
    assert not is_let_in("waha", headers | {"X-Webhook-Hmac-Algorithm": "sha256"})
    assert not is_let_in("waha", {"X-Webhook-Hmac": "ñ\udcff"})


def test_a_wrong_signature_is_not_made_good_by_the_secret() -> None:
    wrong = {"X-Webhook-Hmac": "00", "X-Webhook-Secret": "old"}

    assert not is_let_in("waha", wrong)
    assert not is_let_in("waha", wrong, path_secret="old")
