"""Calls to a WAHA server. Source: WAHA's OpenAPI 2025/2026, "Send messages"."""

from contextlib import suppress

from sessions_app.providers.base import Account, OutboundMessage
from sessions_app.providers.errors import AmbiguousError, PermanentError, ProviderError
from sessions_app.providers.fields import JsonObject
from sessions_app.providers.gateway_calls import ASK_SECONDS, SEND_SECONDS, Call, ask, hand_over, require
from sessions_app.providers.jids import chat_id
from sessions_app.providers.waha.ids import answered_id, chat_of

TEXT_LIMIT = 4096
"""Unsure: WAHA names none; it is what WhatsApp's own API takes."""
TYPING_SECONDS = 2.0
SERVER = "c.us"
"""What WAHA writes behind a phone number."""


def send_message(account: Account, message: OutboundMessage) -> str:
    """Post one text and return WhatsApp's own id of it. Raises a ProviderError."""
    if message.template_name:
        raise PermanentError("no_templates", "a linked phone has no templates")
    require(account, "base_url", "access_token", "instance")
    body = {
        "session": account.instance,
        "chatId": chat_id(message.recipient, server=SERVER),
        "text": message.text,
    }
    if message.reply_to:
        body["reply_to"] = message.reply_to
    call = Call(
        "POST",
        account,
        ("api", "sendText"),
        headers=_headers(account),
        json=body,
        seconds=SEND_SECONDS,
    )
    identifier = answered_id(hand_over(call, secret=account.access_token))
    if not identifier:
        raise AmbiguousError("no_message_id", "success was announced without a message id")
    return identifier


def show_typing(account: Account, external_id: str) -> None:
    """Mark a customer's message as read and show the typing indicator; failures are of no consequence."""
    chat = chat_of(external_id)
    if not chat:
        return
    with suppress(ProviderError):
        require(account, "instance")
        about = {"session": account.instance, "chatId": chat}
        seen = {**about, "messageIds": [external_id]}
        query(account, "POST", "sendSeen", json=seen, seconds=TYPING_SECONDS)
        query(account, "POST", "startTyping", json=about, seconds=TYPING_SECONDS)


def query(
    account: Account,
    method: str,
    *path: str,
    json: object = None,
    params: dict[str, str] | None = None,
    seconds: float = ASK_SECONDS,
) -> JsonObject:
    """Make a call under `/api` that may be made again, and return its answer. Raises a ProviderError."""
    require(account, "base_url", "access_token")
    call = Call(
        method,
        account,
        ("api", *path),
        headers=_headers(account),
        json=json,
        params=params,
        seconds=seconds,
    )
    return ask(call, secret=account.access_token)


def _headers(account: Account) -> dict[str, str]:
    return {"X-Api-Key": account.access_token}
