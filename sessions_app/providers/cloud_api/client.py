"""Calls to the Graph API: sending a message, showing that an answer is being written."""

from typing import Any

from botsite.resilience.http import HttpClient, HttpFailure, HttpReply, NotSent, OutcomeUnknown
from sessions_app.providers.base import Account, IdentityKind, OutboundMessage
from sessions_app.providers.cloud_api.failures import refusal
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    RetryableError,
)
from sessions_app.providers.fields import as_identifier, as_object, first_object

GRAPH_URL = "https://graph.facebook.com"
GRAPH_VERSION = "v25.0"
TEXT_LIMIT = 4096
SEND_SECONDS = 10.0
TYPING_SECONDS = 2.0

_http = HttpClient()


def send_message(account: Account, message: OutboundMessage) -> str:
    """Post one message and return its wamid. Source: Meta's "Messages API", v25.0.

    The Graph API has no idempotency key: when its answer is lost, AmbiguousError is all that can be said.
    """
    if not (account.phone_number_id and account.access_token):
        raise ConfigurationError(
            "incomplete_channel", "the channel needs a phone number id and an access token"
        )
    try:
        reply = _post(account, message_body(message), seconds=SEND_SECONDS)
    except NotSent as error:
        raise RetryableError("not_sent", str(error)) from error
    except OutcomeUnknown as error:
        raise AmbiguousError("no_answer", str(error)) from error
    if refused := refusal(reply, secret=account.access_token):
        raise refused
    return _accepted_id(reply)


def show_typing(account: Account, external_id: str) -> None:
    """Mark a message as read and show the typing indicator (at most 25 s); failures are of no consequence."""
    body = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": external_id,
        "typing_indicator": {"type": "text"},
    }
    try:
        _post(account, body, seconds=TYPING_SECONDS)
    except HttpFailure:
        return


def message_body(message: OutboundMessage) -> dict[str, Any]:
    """Return the request for a text, or for a template when one is named."""
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_address(message),
        **(_template(message) if message.template_name else _text(message)),
    }
    if message.reply_to:
        body["context"] = {"message_id": message.reply_to}
    if message.callback_data:
        body["biz_opaque_callback_data"] = message.callback_data
    return body


def _address(message: OutboundMessage) -> dict[str, str]:
    """A phone number goes into `to`, a business-scoped id into `recipient`.

    The latter is what guides of several partners of Meta say (`to` wins when both are there);
    unsure, as it could not be tried against Meta itself.
    """
    match message.recipient.kind:
        case IdentityKind.WA_ID:
            return {"to": message.recipient.value}
        case IdentityKind.BSUID:
            return {"recipient": message.recipient.value}
        case kind:
            raise PermanentError("recipient_kind", f"the Cloud API cannot address a {kind}")


def _text(message: OutboundMessage) -> dict[str, Any]:
    return {"type": "text", "text": {"body": message.text, "preview_url": False}}


def _template(message: OutboundMessage) -> dict[str, Any]:
    template: dict[str, Any] = {
        "name": message.template_name,
        "language": {"code": message.template_language},
    }
    if message.template_parameters:
        parameters = [{"type": "text", "text": text} for text in message.template_parameters]
        template["components"] = [{"type": "body", "parameters": parameters}]
    return {"type": "template", "template": template}


def number_url(account: Account) -> str:
    """Return the address of the channel's number in the Graph."""
    base = (account.base_url or GRAPH_URL).rstrip("/")
    return f"{base}/{account.api_version or GRAPH_VERSION}/{account.phone_number_id}"


def _post(account: Account, body: dict[str, Any], *, seconds: float) -> HttpReply:
    return _http.request(
        "POST",
        f"{number_url(account)}/messages",
        headers={"Authorization": f"Bearer {account.access_token}"},
        json=body,
        total_seconds=seconds,
        guarded=account.guarded,
    )


def _accepted_id(reply: HttpReply) -> str:
    try:
        message = first_object(as_object(reply.json()).get("messages"))
    except ValueError:
        raise AmbiguousError("unreadable_answer", "success was announced in an unreadable answer") from None
    identifier = as_identifier(message.get("id"))
    if not identifier:
        raise AmbiguousError("no_message_id", "success was announced without a message id")
    return identifier
