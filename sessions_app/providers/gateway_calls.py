"""Calls to the HTTP interface of a gateway of linked phones, and what its answers mean.

Evolution and WAHA document few codes of their own, so the HTTP status decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from botsite.resilience.http import HttpClient, HttpReply, NotSent, OutcomeUnknown, retry_after_seconds
from sessions_app.providers.base import Account
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    ProviderError,
    RetryableError,
    ThrottledError,
)
from sessions_app.providers.fields import JsonObject, as_object, as_sentence

SEND_SECONDS = 10.0
ASK_SECONDS = 8.0
_CREDENTIALS = (401, 402, 403)
_UNREADABLE = "success was announced in an unreadable answer"

_http = HttpClient()


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `path` is put together of `parts`, each of them quoted. `seconds` bounds all of it."""

    method: str
    account: Account
    parts: tuple[str, ...]
    headers: Mapping[str, str] = field(repr=False)
    json: object = field(default=None, repr=False)
    params: Mapping[str, str] | None = None
    seconds: float = ASK_SECONDS


def require(account: Account, *names: str) -> None:
    """Raise ConfigurationError unless the account has all fields of these names."""
    missing = [name.replace("_", " ") for name in names if not getattr(account, name)]
    if missing:
        raise ConfigurationError("incomplete_channel", f"the channel lacks: {', '.join(missing)}")


def hand_over(call: Call, *, secret: str) -> JsonObject:
    """Post a message and return the answer. Raises a ProviderError.

    There is no idempotency key: when the answer is lost, AmbiguousError is all that can be said.
    """
    try:
        reply = _request(call)
    except NotSent as error:
        raise RetryableError("not_sent", str(error)) from error
    except OutcomeUnknown as error:
        raise AmbiguousError("no_answer", str(error)) from error
    if refused := refusal(reply, secret=secret, is_send=True):
        raise refused
    try:
        return as_object(reply.json())
    except ValueError:
        raise AmbiguousError("unreadable_answer", _UNREADABLE) from None


def ask(call: Call, *, secret: str) -> JsonObject:
    """Make a call that does no harm when it is made again, and return the answer. Raises a ProviderError.

    An answer without a body counts as an empty object.
    """
    try:
        reply = _request(call)
    except (NotSent, OutcomeUnknown) as error:
        raise RetryableError("no_answer", str(error)) from error
    if refused := refusal(reply, secret=secret, is_send=False):
        raise refused
    try:
        return as_object(reply.json()) if reply.body.strip() else {}
    except ValueError:
        raise RetryableError("unreadable_answer", _UNREADABLE) from None


def refusal(reply: HttpReply, *, secret: str, is_send: bool) -> ProviderError | None:
    """Return the error an answer stands for; None when it claims success.

    A message may have gone out before a 5xx: its outcome is unknown, whereas a question is asked again. For a
    send 404 means that the gateway has no such session, and 422 (WAHA) that the session is not linked; for a
    question both are about what was asked. `secret` is blotted out of the detail.
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
    if status in _CREDENTIALS or status < 400 or (is_send and status in (404, 422)):
        return ConfigurationError
    return PermanentError


def _request(call: Call) -> HttpReply:
    return _http.request(
        call.method,
        "/".join((call.account.base_url.rstrip("/"), *(quote(part, safe="@") for part in call.parts))),
        headers={"Accept": "application/json", **call.headers},
        json=call.json,
        params=call.params,
        total_seconds=call.seconds,
        guarded=call.account.guarded,
    )


def _detail(reply: HttpReply, secret: str) -> str:
    """The sentence of {message | error, response?: {message}} (WAHA, Evolution); a list's is its first."""
    try:
        body = as_object(reply.json())
    except ValueError:
        body = {}
    said = _sentence(as_object(body.get("response")).get("message")) or _sentence(body.get("message"))
    detail = said or _sentence(body.get("error")) or "no reason was given"
    return detail.replace(secret, "***") if secret else detail


def _sentence(value: object) -> str:
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
    if isinstance(value, dict) and value.get("exists") is False:
        return "the number has no WhatsApp"
    return as_sentence(value)
