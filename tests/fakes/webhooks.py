"""Signed webhooks as Meta's Cloud API sends them, for tests, the fake Graph API and load generators."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable
from typing import Any

JsonObject = dict[str, Any]


def new_wamid() -> str:
    """A message id in the form of Meta's."""
    return f"wamid.{uuid.uuid4().hex.upper()}"


def text_message(text: str, *, sender: str, wamid: str = "", at: float | None = None) -> JsonObject:
    """One item of `messages`: words from the number `sender` (wa_id), `at` in seconds of the epoch."""
    return message("text", {"body": text}, sender=sender, wamid=wamid, at=at)


def message(
    kind: str, content: object, *, sender: str, wamid: str = "", at: float | None = None, **more: Any
) -> JsonObject:
    """One item of `messages` of any type; `more` are further fields of the item."""
    return {
        "from": sender,
        "id": wamid or new_wamid(),
        "timestamp": str(int(time.time() if at is None else at)),
        "type": kind,
        kind: content,
        **more,
    }


def status(
    wamid: str, state: str, *, recipient: str = "", callback_data: str = "", error: JsonObject | None = None
) -> JsonObject:
    """One item of `statuses`; `state` is sent, delivered, read or failed."""
    item: JsonObject = {"id": wamid, "status": state, "timestamp": str(int(time.time()))}
    if recipient:
        item["recipient_id"] = recipient
    if callback_data:
        item["biz_opaque_callback_data"] = callback_data
    if error:
        item["errors"] = [error]
    return item


def cloud_api_change(
    *,
    phone_number_id: str,
    messages: Iterable[JsonObject] = (),
    statuses: Iterable[JsonObject] = (),
    profile_name: str = "",
    field: str = "messages",
) -> JsonObject:
    """One change of one number, with a contact for every sender."""
    value: JsonObject = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": phone_number_id},
    }
    if items := list(messages):
        senders = dict.fromkeys(item["from"] for item in items if "from" in item)
        value["contacts"] = [{"profile": {"name": profile_name or s}, "wa_id": s} for s in senders]
        value["messages"] = items
    if updates := list(statuses):
        value["statuses"] = updates
    return {"field": field, "value": value}


def cloud_api_envelope(*changes: JsonObject) -> bytes:
    """The body of one webhook, every change in an entry of its own."""
    entries = [{"id": "102290129340398", "changes": [change]} for change in changes]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def sign(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed_headers(body: bytes, secret: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "X-Hub-Signature-256": sign(body, secret)}
