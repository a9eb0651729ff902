"""How webhooks prove where they come from: a secret that they carry, or one that signed them."""

import base64
import binascii
import hmac
import time
from collections.abc import Callable

from botsite.resilience.http import parse_json
from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.fields import as_object

LATE_SECONDS = 1800
"""How long after its end a token is still taken: a webhook that is repeated may carry its first one."""


def carried_secret(request: WebhookRequest) -> str:
    """Return the secret that a request shows openly: `X-Webhook-Secret`, or else the end of its address."""
    return request.headers.get("x-webhook-secret") or request.path_secret


def carries_secret(account: Account, request: WebhookRequest) -> bool:
    """Say whether the request shows one of the live app secrets."""
    given = carried_secret(request).encode(errors="replace")
    return _any_secret(account, lambda secret: hmac.compare_digest(given, secret))


def is_signed(account: Account, body: bytes, signature: str, *, algorithm: str) -> bool:
    """Say whether `signature` (hexadecimal) is the HMAC of the raw body by one of the live app secrets."""
    given = signature.strip().lower().encode(errors="replace")
    return _any_secret(
        account,
        lambda secret: hmac.compare_digest(given, hmac.new(secret, body, algorithm).hexdigest().encode()),
    )


def is_signed_token(account: Account, token: str) -> bool:
    """Say whether `token` is a JWT that one of the live app secrets signed (HS256) and that has not ended.

    It says nothing of the body: what it proves is that the sender knows the secret.
    """
    signed, _, signature = token.rpartition(".")
    header, _, claims = signed.partition(".")
    given, text = _decoded(signature), signed.encode(errors="replace")
    genuine = _any_secret(
        account, lambda secret: hmac.compare_digest(given, hmac.digest(secret, text, "sha256"))
    )
    # Only what is signed is read. HS256 is the one algorithm: a token that chooses "none" chooses wrongly.
    return genuine and _object(header).get("alg") == "HS256" and _is_current(_object(claims).get("exp"))


def _any_secret(account: Account, proves: Callable[[bytes], bool]) -> bool:
    # All are tried, so that the time taken does not tell which one is near.
    matches = [proves(secret.encode()) for secret in account.app_secrets if secret]
    return any(matches)


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part.encode() + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return b""


def _object(part: str) -> dict[str, object]:
    try:
        return dict(as_object(parse_json(_decoded(part))))
    except ValueError:
        return {}


def _is_current(end: object) -> bool:
    if end is None:
        return True
    return isinstance(end, int | float) and time.time() < end + LATE_SECONDS
