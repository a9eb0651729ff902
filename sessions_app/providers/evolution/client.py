"""Calls to an Evolution server. Source: Evolution API 2.x, its routes for messages."""

from typing import Any

from sessions_app.providers.base import Account, IdentityKind, OutboundMessage
from sessions_app.providers.errors import AmbiguousError, PermanentError
from sessions_app.providers.fields import as_identifier, as_object
from sessions_app.providers.gateway_calls import SEND_SECONDS, Call, hand_over, require
from sessions_app.providers.jids import chat_id

TEXT_LIMIT = 4096
"""Unsure: Evolution names none; it is what WhatsApp's own API takes."""


def send_message(account: Account, message: OutboundMessage) -> str:
    """Post one text and return its id (`key.id`). Raises a ProviderError."""
    if message.template_name:
        raise PermanentError("no_templates", "a linked phone has no templates")
    require(account, "base_url", "access_token", "instance")
    body = {"number": _number(message), "text": message.text, **_quoted(message.reply_to)}
    answer = hand_over(
        Call(
            "POST",
            account,
            ("message", "sendText", account.instance),
            headers=headers(account),
            json=body,
            seconds=SEND_SECONDS,
        ),
        secret=account.access_token,
    )
    identifier = as_identifier(as_object(answer.get("key")).get("id"))
    if not identifier:
        raise AmbiguousError("no_message_id", "success was announced without a message id")
    return identifier


def headers(account: Account) -> dict[str, str]:
    return {"apikey": account.access_token}


def _number(message: OutboundMessage) -> str:
    """A phone number goes alone, any other name whole."""
    recipient = message.recipient
    return recipient.value if recipient.kind == IdentityKind.WA_ID else chat_id(recipient)


def _quoted(external_id: str) -> dict[str, Any]:
    """That the key alone is enough is unsure: some versions want the quoted words beside it."""
    return {"quoted": {"key": {"id": external_id}}} if external_id else {}
