"""Proving that a webhook comes from Meta. Source: Meta's "Webhooks: getting started", validating payloads."""

import hashlib
import hmac
from collections.abc import Mapping

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError


def verify_signature(account: Account, request: WebhookRequest) -> None:
    """Raise SignatureError unless the raw body carries the HMAC-SHA256 of one of the live app secrets."""
    given = request.headers.get("x-hub-signature-256", "").encode(errors="replace")
    if not any(
        hmac.compare_digest(given, _signature(secret, request.body)) for secret in account.app_secrets
    ):
        raise SignatureError


def handshake_answer(account: Account, query: Mapping[str, str]) -> str | None:
    """Return the challenge of a subscription that names our verify token, else None."""
    given = query.get("hub.verify_token", "").encode(errors="replace")
    expected = account.verify_token.encode()
    if query.get("hub.mode") != "subscribe" or not expected or not hmac.compare_digest(given, expected):
        return None
    return query.get("hub.challenge")


def _signature(secret: str, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
