"""What the HTTP status of a server that speaks for linked phones means; Whapi, Evolution and WAHA alike.

They document few codes of their own, so the status decides.
"""

from collections.abc import Collection

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

_CREDENTIALS = (401, 402, 403)  # not linked, trial or plan used up, forbidden


def refusal_of(
    reply: HttpReply, detail: str, *, secret: str, is_send: bool, unlinked: Collection[int]
) -> ProviderError | None:
    """Return the error an answer stands for; None when it claims success.

    A send may have gone out before a 5xx: its outcome is unknown, whereas a question is simply asked again.
    For a send the statuses `unlinked` mean that there is no such session, or no phone behind it; for a
    question they are about what was asked. `secret` is blotted out of the detail.
    """
    if reply.status < 300:
        return None
    code, told = f"http_{reply.status}", detail or "no reason was given"
    told = told.replace(secret, "***") if secret else told
    retry_after = retry_after_seconds(reply.headers.get("retry-after"))
    if reply.status == 429 or (reply.status == 503 and retry_after is not None):
        return ThrottledError(code, told, retry_after)
    return _kind(reply.status, is_send=is_send, unlinked=unlinked)(code, told)


def body_of(reply: HttpReply) -> JsonObject:
    """Return the body of an error's answer; an empty object when it cannot be read."""
    try:
        return as_object(reply.json())
    except ValueError:
        return {}


def _kind(status: int, *, is_send: bool, unlinked: Collection[int]) -> type[ProviderError]:
    if status >= 500:
        return AmbiguousError if is_send else RetryableError
    if status in _CREDENTIALS or status < 400 or (is_send and status in unlinked):
        return ConfigurationError
    return PermanentError
