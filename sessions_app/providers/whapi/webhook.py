"""Proving that a webhook comes from our Whapi channel."""

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError
from sessions_app.providers.proof import carries_secret


def verify_secret(account: Account, request: WebhookRequest) -> None:
    """Raise SignatureError unless the request carries one of the live app secrets.

    Whapi documents no signature (unsure whether there is one); it sends headers of one's own choosing along,
    so the secret comes in `X-Webhook-Secret`, or else as the last part of the address.
    """
    if not carries_secret(account, request):
        raise SignatureError
