"""Proving that a webhook comes from our WAHA server."""

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError
from sessions_app.providers.proof import carried_secret, carries_secret, is_signed

_ALGORITHM = "sha512"


def verify(account: Account, request: WebhookRequest) -> None:
    """Raise SignatureError unless one of the live app secrets signed the raw body (`X-Webhook-Hmac`).

    A server that is not told to sign can send the secret itself along: in the header `X-Webhook-Secret`, or
    as the last part of the address. Where there is a signature, it alone decides.
    """
    signature = request.headers.get("x-webhook-hmac", "")
    if signature:
        algorithm = request.headers.get("x-webhook-hmac-algorithm", _ALGORITHM).lower()
        genuine = algorithm == _ALGORITHM and is_signed(
            account, request.body, signature, algorithm=_ALGORITHM
        )
    else:
        genuine = bool(carried_secret(request)) and carries_secret(account, request)
    if not genuine:
        raise SignatureError
