"""A fake of an Evolution server: POST /message/sendText/{i} and the routes of /instance.

Its errors have Evolution's shape. GET /__control/sent shows what it accepted.
Run alone: `python -m tests.fakes.evolution --port N --settings '{"key": …}'`.
"""

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
_PATHS = {
    "send": ("POST", re.compile(r"/message/sendText/(?P<name>[^/]+)")),
    "create": ("POST", re.compile(r"/instance/create")),
    "connect": ("GET", re.compile(r"/instance/connect/(?P<name>[^/]+)")),
    "state": ("GET", re.compile(r"/instance/connectionState/(?P<name>[^/]+)")),
    "restart": ("POST", re.compile(r"/instance/restart/(?P<name>[^/]+)")),
    "logout": ("DELETE", re.compile(r"/instance/logout/(?P<name>[^/]+)")),
}
_NUMBER = re.compile(r"\d{6,15}(@s\.whatsapp\.net)?|\d+@lid")


@dataclass(frozen=True, kw_only=True)
class EvolutionSettings:
    """`key`: the only one that is let in (empty: any). `instances`: the state of each by its name."""

    key: str = ""
    instances: Mapping[str, str] = field(default_factory=lambda: {"shop": "open"})


@dataclass(frozen=True)
class EvolutionSent:
    """An accepted message; `body` is the whole request."""

    id: str
    at: float
    instance: str
    to: str
    text: str
    body: JsonObject


class FakeEvolution(FakeGatewayServer[EvolutionSettings, EvolutionSent]):
    paths = _PATHS
    operations = tuple(_PATHS)

    def __init__(self, settings: EvolutionSettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or EvolutionSettings(), port=port)

    def set_state(self, name: str, state: str) -> None:
        self.configure(instances={**self.settings.instances, name: state})

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        return json_reply(status, {"status": status, "error": "Error", "response": {"message": [message]}})

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        key = request.headers.get("apikey", "")
        if not key or (self.settings.key and key != self.settings.key):
            return self.refuse(401, 401, "Unauthorized")
        if operation == "create":
            return self._create(request.json)
        name = self.named(operation, request)
        if name not in self.settings.instances:
            return self.refuse(404, 404, f'The "{name}" instance does not exist')
        if operation == "send":
            return self._send(name, request.json)
        return self._instance(operation, name)

    def _create(self, body: JsonObject) -> Reply:
        name = str(body.get("instanceName"))
        if name in self.settings.instances:
            return self.refuse(403, 403, f'This name "{name}" is already in use.')
        self.set_state(name, "connecting")
        instance = {"instanceName": name, "integration": body.get("integration"), "status": "connecting"}
        return json_reply(201, {"instance": instance, "hash": "FAKE-KEY", "qrcode": qr_code(name)})

    def _instance(self, operation: str, name: str) -> Reply:
        if operation == "logout":
            self.set_state(name, "close")
            return json_reply(200, {"status": "SUCCESS", "error": False})
        if operation == "restart":
            self.set_state(name, "connecting")
        elif operation == "connect" and self.settings.instances[name] != "open":
            self.set_state(name, "connecting")
            return json_reply(200, qr_code(name))
        return json_reply(200, {"instance": {"instanceName": name, "state": self.settings.instances[name]}})

    def _send(self, instance: str, body: JsonObject) -> Reply:
        to, text = body.get("number"), body.get("text")
        if not (isinstance(to, str) and _NUMBER.fullmatch(to)):
            return self.refuse(400, 400, "instance requires property number")
        if not (isinstance(text, str) and text):
            return self.refuse(400, 400, "instance requires property text")
        sent = EvolutionSent(f"3EB0{uuid.uuid4().hex[:18].upper()}", time.time(), instance, to, text, body)
        self.keep_sent(sent)
        key = {"remoteJid": f"{to}@s.whatsapp.net", "fromMe": True, "id": sent.id}
        return json_reply(201, {"key": key, "status": "PENDING", "message": {"conversation": text}})


def webhook(event: str, data: object, *, instance: str = "shop") -> JsonObject:
    """The body of one webhook of an instance."""
    return {
        "event": event,
        "instance": instance,
        "data": data,
        "destination": "http://127.0.0.1/webhook",
        "date_time": "2026-11-01T07:00:00.000Z",
        "sender": "573000000000@s.whatsapp.net",
        "server_url": "http://127.0.0.1",
        "apikey": "SERVER-KEY",
    }


def text_webhook(
    text: str,
    *,
    sender: str,
    message_id: str = "",
    name: str = "",
    from_me: bool = False,
    instance: str = "shop",
) -> JsonObject:
    """One text from (or, with `from_me`, to) a phone number."""
    key = {
        "remoteJid": f"{sender}@s.whatsapp.net",
        "fromMe": from_me,
        "id": message_id or f"3A{uuid.uuid4().hex[:18].upper()}",
    }
    data = {
        "key": key,
        "pushName": name,
        "message": {"conversation": text},
        "messageType": "conversation",
        "messageTimestamp": int(time.time()),
        "source": "android",
    }
    return webhook("messages.upsert", data, instance=instance)


def status_webhook(message_id: str, status: str, *, recipient: str, instance: str = "shop") -> JsonObject:
    """What became of a message of ours; `status` is PENDING, SERVER_ACK, DELIVERY_ACK, READ, ERROR …"""
    data = {
        "keyId": message_id,
        "remoteJid": f"{recipient}@s.whatsapp.net",
        "fromMe": True,
        "status": status,
        "messageId": uuid.uuid4().hex,
    }
    return webhook("messages.update", data, instance=instance)


def qr_code(instance: str) -> JsonObject:
    return {"pairingCode": None, "code": f"2@{instance}", "base64": "data:image/png;base64,AAAA", "count": 1}


if __name__ == "__main__":
    run(lambda port: FakeEvolution(port=port))
