"""A fake of Whapi's gateway: POST /messages/text, GET /chats/{id}, /contacts/{id}/profile and /health.

Its errors have Whapi's shape. GET /__control/sent shows what it accepted.
Run alone: `python -m tests.fakes.whapi --port N --settings '{"token": …}'`.
"""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fakes.base import FakeRequest, FakeServer, run
from tests.fakes.behaviour import Reply, json_reply

_PATHS = {
    "send": re.compile(r"/messages/text"),
    "chat": re.compile(r"/chats/(?P<id>[^/]+)"),
    "profile": re.compile(r"/contacts/(?P<id>[^/]+)/profile"),
    "health": re.compile(r"/health"),
}
_PERSON = re.compile(r"\d{6,15}(@s\.whatsapp\.net)?|\d+@lid")


@dataclass(frozen=True, kw_only=True)
class WhapiSettings:
    """`token`: the only one that is let in (empty: any). `health` is the channel's status text.

    `chats` and `profiles` are what is known, by chat id; of anybody else nothing is.
    """

    token: str = ""
    health: str = "AUTH"
    chats: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WhapiSent:
    """An accepted message; `body` is the whole request."""

    id: str
    at: float
    to: str
    text: str
    body: dict[str, Any]


class FakeWhapi(FakeServer[WhapiSettings]):
    operations = ("send", "chat", "profile", "health")

    def __init__(self, settings: WhapiSettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or WhapiSettings(), port=port)
        self.sent: list[WhapiSent] = []

    def asked(self, operation: str) -> int:
        """How many requests of one operation there were."""
        with self.changed:
            return sum(record.operation == operation for record in self.requests)

    def know(self, chat_id: str, *, name: str = "", labels: tuple[str, ...] = (), own_name: str = "") -> None:
        """Let a contact be known: `name` and `labels` of its chat, `own_name` of its profile."""
        chat = {"id": chat_id, "type": "contact", "name": name, "labels": _labels(labels)}
        self.configure(
            chats={**self.settings.chats, chat_id: chat},
            profiles={**self.settings.profiles, chat_id: {"name": own_name, "about": "…"}},
        )

    def reset(self) -> None:
        super().reset()
        with self.changed:
            self.sent.clear()

    def views(self) -> dict[str, Callable[[], object]]:
        return {"sent": lambda: [asdict(sent) for sent in self.sent]}

    def operation(self, request: FakeRequest) -> str:
        method = {"send": "POST"}
        return next(
            (
                name
                for name, path in _PATHS.items()
                if path.fullmatch(request.path) and request.method == method.get(name, "GET")
            ),
            "",
        )

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        error = {
            "code": int(code or status),
            "message": message,
            "details": "told by the fake",
            "href": "",
            "support": "",
        }
        return json_reply(status, {"error": error})

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        if not request.bearer or (self.settings.token and request.bearer != self.settings.token):
            return self.refuse(401, 401, "Channel authorization required")
        if operation == "health":
            return json_reply(200, {"uptime": 5, "status": {"code": 4, "text": self.settings.health}})
        if operation == "send":
            return self._send(request.json)
        known = self.settings.chats if operation == "chat" else self.settings.profiles
        match = _PATHS[operation].fullmatch(request.path)
        found = known.get(unquote(match["id"])) if match else None
        return json_reply(200, found) if found else self.refuse(404, 404, "not found")

    def _send(self, body: dict[str, Any]) -> Reply:
        to, text = body.get("to"), body.get("body")
        if not (isinstance(to, str) and _PERSON.fullmatch(to)):
            return self.refuse(400, 400, "Wrong request parameters: to")
        if not (isinstance(text, str) and text):
            return self.refuse(400, 400, "Wrong request parameters: body")
        sent = WhapiSent(f"{uuid.uuid4().hex}-gFake", time.time(), to, text, body)
        with self.changed:
            self.sent.append(sent)
            self.changed.notify_all()
        message = {"id": sent.id, "from_me": True, "type": "text", "source": "api", "status": "pending"}
        return json_reply(200, {"sent": True, "message": message | {"chat_id": to, "text": {"body": text}}})


def text_webhook(text: str, *, sender: str, message_id: str = "", name: str = "") -> dict[str, Any]:
    """The body of a webhook that brings one text from a phone number."""
    message: dict[str, Any] = {
        "id": message_id or f"{uuid.uuid4().hex}-gTest",
        "from_me": False,
        "type": "text",
        "chat_id": f"{sender}@s.whatsapp.net",
        "timestamp": int(time.time()),
        "source": "mobile",
        "text": {"body": text},
        "from": sender,
        "from_name": name,
    }
    return {"messages": [message], "event": {"type": "messages", "event": "post"}, "channel_id": "FAKE-1"}


def _labels(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"id": str(number), "name": name, "color": "salmon"} for number, name in enumerate(names, 1)]


if __name__ == "__main__":
    run(lambda port: FakeWhapi(port=port))
