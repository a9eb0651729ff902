"""Calls to Whapi: sending a text, and asking. Source: Whapi's OpenAPI 1.8.7."""

from typing import Any
from urllib.parse import quote

from botsite.resilience.http import HttpClient, HttpReply, NotSent, OutcomeUnknown
from sessions_app.providers.base import Account, OutboundMessage
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    RetryableError,
)
from sessions_app.providers.fields import JsonObject, as_identifier, as_object
from sessions_app.providers.jids import chat_id
from sessions_app.providers.whapi.failures import refusal

WHAPI_URL = "https://gate.whapi.cloud"
TEXT_LIMIT = 4096
"""Unsure: Whapi names none; it is what WhatsApp's own API takes."""
SEND_SECONDS = 10.0

_http = HttpClient()


def send_message(account: Account, message: OutboundMessage) -> str:
    """Post one text and return its id.

    There is no idempotency key and nothing of ours comes back with statuses: when the answer is lost,
    AmbiguousError is all that can be said.
    """
    if message.template_name:
        raise PermanentError("no_templates", "Whapi has no templates")
    body: dict[str, Any] = {"to": chat_id(message.recipient), "body": message.text}
    if message.reply_to:
        body["quoted"] = message.reply_to
    try:
        reply = call(account, "POST", "messages", "text", json=body, seconds=SEND_SECONDS)
    except NotSent as error:
        raise RetryableError("not_sent", str(error)) from error
    except OutcomeUnknown as error:
        raise AmbiguousError("no_answer", str(error)) from error
    if refused := refusal(reply, secret=account.access_token, is_send=True):
        raise refused
    return _accepted_id(reply)


def ask(account: Account, *path: str, seconds: float) -> JsonObject:
    """Return what Whapi knows under `path`. Raises a ProviderError; asking again does no harm."""
    try:
        reply = call(account, "GET", *path, seconds=seconds)
    except (NotSent, OutcomeUnknown) as error:
        raise RetryableError("no_answer", str(error)) from error
    if refused := refusal(reply, secret=account.access_token, is_send=False):
        raise refused
    try:
        return as_object(reply.json())
    except ValueError:
        raise RetryableError("unreadable_answer", "success was announced in an unreadable answer") from None


def call(account: Account, method: str, *path: str, seconds: float, json: object = None) -> HttpReply:
    """Return the reply to one request, whatever its status. Raises ConfigurationError without a token."""
    if not account.access_token:
        raise ConfigurationError("incomplete_channel", "the channel needs an access token")
    base = (account.base_url or WHAPI_URL).rstrip("/")
    return _http.request(
        method,
        "/".join((base, *(quote(part, safe="@") for part in path))),
        headers={"Authorization": f"Bearer {account.access_token}"},
        json=json,
        total_seconds=seconds,
        guarded=account.guarded,
    )


def _accepted_id(reply: HttpReply) -> str:
    """Read {sent: true, message: {id}}."""
    try:
        answer = as_object(reply.json())
    except ValueError:
        raise AmbiguousError("unreadable_answer", "success was announced in an unreadable answer") from None
    identifier = as_identifier(as_object(answer.get("message")).get("id"))
    if answer.get("sent") is False or not identifier:
        raise AmbiguousError("no_message_id", "success was announced without a message id")
    return identifier
