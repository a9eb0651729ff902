"""What an unsuccessful answer of Whapi means: {"error": {code, message, details?, href?, support?}}.

Source: Whapi's "Errors" and its OpenAPI 1.8.7. Its codes mirror the HTTP status (unsure for all of them), so
the status decides.
"""

from botsite.resilience.http import HttpReply, retry_after_seconds
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    ProviderError,
    RetryableError,
    ThrottledError,
)
from sessions_app.providers.fields import JsonObject, as_object
from sessions_app.providers.whapi.payloads import error_detail

_CREDENTIALS = (401, 402, 403)  # not linked, trial or plan used up, forbidden


def refusal(reply: HttpReply, *, secret: str, is_send: bool) -> ProviderError | None:
    """Return the error an answer stands for; None when it claims success.

    A send may have gone out before a 5xx: its outcome is unknown, whereas a question is simply asked again.
    For a send 404 means that the token belongs to no channel; for a question, that there is no such contact.
    `secret` is blotted out of the detail.
    """
    if reply.status < 300:
        return None
    code, detail = f"http_{reply.status}", _detail(reply, secret)
    retry_after = retry_after_seconds(reply.headers.get("retry-after"))
    if reply.status == 429 or (reply.status == 503 and retry_after is not None):
        return ThrottledError(code, detail, retry_after)
    return _kind(reply.status, is_send=is_send)(code, detail)


def _kind(status: int, *, is_send: bool) -> type[ProviderError]:
    if status >= 500:
        return AmbiguousError if is_send else RetryableError
    if status in _CREDENTIALS or status < 400 or (status == 404 and is_send):
        return ConfigurationError
    return PermanentError


def _detail(reply: HttpReply, secret: str) -> str:
    try:
        body: JsonObject = as_object(reply.json())
    except ValueError:
        body = {}
    detail = error_detail(as_object(body.get("error")) or body) or "no reason was given"
    return detail.replace(secret, "***") if secret else detail
