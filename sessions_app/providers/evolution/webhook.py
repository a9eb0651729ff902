"""Proving that a webhook comes from our Evolution server."""

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError
from sessions_app.providers.proof import carried_secret, carries_secret, is_signed_token


def verify(account: Account, request: WebhookRequest) -> None:
    """Raise SignatureError unless the request carries a live app secret, or a token signed with one.

    Evolution signs no bodies. It sends headers of one's own choosing along (`X-Webhook-Secret`), keeps a
    secret in the address, or, with the header `jwt_key` set, makes a token of ten minutes for each webhook
    (unsure whether repeats get a new one).
    """
    if carried_secret(request):
        genuine = carries_secret(account, request)
    else:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        genuine = scheme.lower() == "bearer" and is_signed_token(account, token.strip())
    if not genuine:
        raise SignatureError
