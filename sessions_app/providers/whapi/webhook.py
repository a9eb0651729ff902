"""Proving that a webhook comes from our Whapi channel."""

import hmac

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError


def verify_secret(account: Account, request: WebhookRequest) -> None:
    """Raise SignatureError unless the request carries one of the live app secrets.

    Whapi documents no signature (unsure whether there is one); it sends headers of one's own choosing along,
    so the secret comes in `X-Webhook-Secret`, or else as the last part of the address.
    """
    given = (request.headers.get("x-webhook-secret") or request.path_secret).encode(errors="replace")
    # All are compared, so that the time taken does not tell which one is near.
    matches = [hmac.compare_digest(given, secret.encode()) for secret in account.app_secrets if secret]
    if not any(matches):
        raise SignatureError
