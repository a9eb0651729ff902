"""A fake of a WAHA server: sending, seen and typing, contacts, and the routes of /api/sessions.

Its errors have WAHA's shape. GET /__control/sent shows what it accepted.
Run alone: `python -m tests.fakes.waha --port N --settings '{"key": …}'`.
"""

import hashlib
import hmac
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.base import FakeRequest, run
from tests.fakes.behaviour import Reply, json_reply
from tests.fakes.gateway import FakeGatewayServer

JsonObject = dict[str, Any]
_SESSION = r"/api/sessions/(?P<name>[^/]+)"
_PATHS = {
    "send": ("POST", re.compile(r"/api/sendText")),
    "seen": ("POST", re.compile(r"/api/sendSeen")),
    "typing": ("POST", re.compile(r"/api/startTyping")),
    "contact": ("GET", re.compile(r"/api/contacts")),
    "create": ("POST", re.compile(r"/api/sessions")),
    "start": ("POST", re.compile(rf"{_SESSION}/start")),
    "restart": ("POST", re.compile(rf"{_SESSION}/restart")),
    "logout": ("POST", re.compile(rf"{_SESSION}/logout")),
    "state": ("GET", re.compile(_SESSION)),
    "qr": ("GET", re.compile(r"/api/(?P<name>[^/]+)/auth/qr")),
}
_AFTER = {"start": "SCAN_QR_CODE", "restart": "STARTING", "logout": "STOPPED"}
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
"""A picture of one point, in the place of a QR code."""
_CHAT = re.compile(r"\d{6,15}@c\.us|\d+@lid")


@dataclass(frozen=True, kw_only=True)
class WahaSettings:
    """`key`: the only one that is let in (empty: any). `sessions`: the status of each by its name.

    `contact` is what is told of everybody (empty: nobody is known).
    """

    key: str = ""
    sessions: Mapping[str, str] = field(default_factory=lambda: {"shop": "WORKING"})
    contact: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WahaSent:
    """An accepted message by WhatsApp's own id; `body` is the whole request."""

    id: str
    at: float
    to: str
    text: str
    body: JsonObject


class FakeWaha(FakeGatewayServer[WahaSettings, WahaSent]):
    paths = _PATHS
    operations = tuple(_PATHS)

    def __init__(self, settings: WahaSettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or WahaSettings(), port=port)

    def set_status(self, name: str, status: str) -> None:
        self.configure(sessions={**self.settings.sessions, name: status})

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        return json_reply(status, {"statusCode": status, "message": message, "error": "Error"})

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        key = request.headers.get("x-api-key", "")
        if not key or (self.settings.key and key != self.settings.key):
            return self.refuse(401, 401, "Unauthorized")
        if operation == "contact":
            return json_reply(200, dict(self.settings.contact))
        if operation == "create":
            self.set_status(str(request.json.get("name")), "STARTING")
            return json_reply(201, {"name": request.json.get("name"), "status": "STARTING"})
        name = self.named(operation, request) or str(request.json.get("session"))
        if name not in self.settings.sessions:
            return self.refuse(404, 404, "Session not found")
        return self._act(operation, name, request.json)

    def _act(self, operation: str, name: str, body: JsonObject) -> Reply:
        status = self.settings.sessions[name]
        if operation == "qr":
            if status != "SCAN_QR_CODE":
                return self.refuse(422, 422, "Session status is not as expected")
            return json_reply(200, {"mimetype": "image/png", "data": PICTURE})
        if operation in ("send", "seen", "typing"):
            if status != "WORKING":
                return self.refuse(422, 422, "Session status is not as expected")
            return self._send(body) if operation == "send" else json_reply(201, {})
        if operation in _AFTER:
            self.set_status(name, _AFTER[operation])
        return json_reply(200, {"name": name, "status": self.settings.sessions[name], "config": {}})

    def _send(self, body: JsonObject) -> Reply:
        to, text = body.get("chatId"), body.get("text")
        if not (isinstance(to, str) and _CHAT.fullmatch(to)):
            return self.refuse(400, 400, "chatId is wrong")
        if not (isinstance(text, str) and text):
            return self.refuse(400, 400, "text is missing")
        sent = WahaSent(f"3EB0{uuid.uuid4().hex[:18].upper()}", time.time(), to, text, body)
        self.keep_sent(sent)
        return json_reply(201, {"id": f"true_{to}_{sent.id}", "body": text, "fromMe": True, "source": "api"})


def webhook(event: str, payload: object, *, session: str = "shop") -> JsonObject:
    """The body of one webhook of a session."""
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "timestamp": int(time.time() * 1000),
        "event": event,
        "session": session,
        "metadata": {},
        "me": {"id": "573000000000@c.us", "pushName": "Tienda"},
        "payload": payload,
        "engine": "NOWEB",
    }


def text_webhook(
    text: str,
    *,
    sender: str,
    message_id: str = "",
    name: str = "",
    own_source: str = "",
    event: str = "message",
    session: str = "shop",
) -> JsonObject:
    """One text from a phone number, or to it, when `own_source` ("app", "api") says what wrote it."""
    chat, identifier = f"{sender}@c.us", message_id or uuid.uuid4().hex[:20].upper()
    from_me = bool(own_source)
    payload = {
        "id": f"{str(from_me).lower()}_{chat}_{identifier}",
        "timestamp": int(time.time()),
        "from": "573000000000@c.us" if from_me else chat,
        "fromMe": from_me,
        "source": own_source or "app",
        "to": chat if from_me else "573000000000@c.us",
        "body": text,
        "hasMedia": False,
        "media": None,
        "ack": 1,
        "_data": {"pushName": name},
    }
    return webhook(event, payload, session=session)


def ack_webhook(message_id: str, ack: int, *, recipient: str, session: str = "shop") -> JsonObject:
    """How far a message of ours has come: −1 to 4."""
    chat = f"{recipient}@c.us"
    payload = {"id": f"true_{chat}_{message_id}", "from": chat, "fromMe": True, "ack": ack, "ackName": "?"}
    return webhook("message.ack", payload, session=session)


def signed_headers(body: bytes, secret: str) -> dict[str, str]:
    signature = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    return {"X-Webhook-Hmac": signature, "X-Webhook-Hmac-Algorithm": "sha512"}


if __name__ == "__main__":
    run(lambda port: FakeWaha(port=port))
