"""Calls to the HTTP interface of a gateway of linked phones, and what its answers mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from botsite.resilience.http import HttpClient, HttpReply, NotSent, OutcomeUnknown
from sessions_app.providers.base import Account
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    ProviderError,
    RetryableError,
)
from sessions_app.providers.fields import JsonObject, as_object, as_sentence
from sessions_app.providers.refusals import body_of, refusal_of

SEND_SECONDS = 10.0
ASK_SECONDS = 8.0
_UNLINKED = (404, 422)  # no such session; a session of WAHA that is not linked
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
    """Return the error an answer stands for; None when it claims success."""
    return refusal_of(reply, _detail(reply), secret=secret, is_send=is_send, unlinked=_UNLINKED)


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


def _detail(reply: HttpReply) -> str:
    """The sentence of {message | error, response?: {message}} (WAHA, Evolution); a list's is its first."""
    body = body_of(reply)
    said = _sentence(as_object(body.get("response")).get("message")) or _sentence(body.get("message"))
    return said or _sentence(body.get("error"))


def _sentence(value: object) -> str:
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
    if isinstance(value, dict) and value.get("exists") is False:
        return "the number has no WhatsApp"
    return as_sentence(value)
