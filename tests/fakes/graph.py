"""A fake of Meta's Graph API for WhatsApp: POST /{version}/{phone_number_id}/messages, GET of the number.

Its errors have Graph's shape, its message ids and status webhooks too. GET /__control/sent shows what it
accepted. Run alone: `python -m tests.fakes.graph --port N --settings '{"webhook_url": …}'`.
"""

import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import httpx2

from tests.fakes import webhooks
from tests.fakes.base import FakeRequest, FakeServer, run
from tests.fakes.behaviour import Reply, json_reply

_MESSAGES_PATH = re.compile(r"/v\d+\.\d+/(\d+)/messages")
_NUMBER_PATH = re.compile(r"/v\d+\.\d+/\d+")


@dataclass(frozen=True, kw_only=True)
class GraphSettings:
    """`token`: the only one that is let in (empty: any). With `webhook_url` set, every accepted message is
    followed by webhooks for `statuses`, signed with `app_secret`, each `status_delay` seconds apart.
    `quality` is the number's."""

    token: str = ""
    webhook_url: str = ""
    app_secret: str = ""
    statuses: tuple[str, ...] = ("sent", "delivered", "read")
    status_delay: float = 0.05
    quality: str = "GREEN"


@dataclass(frozen=True)
class Sent:
    """An accepted message. `to` is the number or the business-scoped id; `body` the whole request."""

    wamid: str
    at: float
    phone_number_id: str
    to: str
    text: str
    callback_data: str
    body: dict[str, Any]


class FakeGraph(FakeServer[GraphSettings]):
    operations = ("send", "typing", "check")

    def __init__(self, settings: GraphSettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or GraphSettings(), port=port)
        self.sent: list[Sent] = []
        self.typing: list[str] = []
        self._reported: queue.Queue[Sent | None] = queue.Queue()

    def __enter__(self) -> Self:
        threading.Thread(target=self._report_statuses, daemon=True).start()
        return super().__enter__()

    def __exit__(self, *exc: object) -> None:
        self._reported.put(None)
        super().__exit__(*exc)

    def texts_to(self, recipient: str) -> list[str]:
        """The texts accepted for one recipient, in order."""
        with self.changed:
            return [sent.text for sent in self.sent if sent.to == recipient]

    def reset(self) -> None:
        super().reset()
        with self.changed:
            self.sent.clear()
            self.typing.clear()

    def views(self) -> dict[str, Callable[[], object]]:
        return {"sent": lambda: [asdict(sent) for sent in self.sent], "typing": lambda: self.typing}

    def operation(self, request: FakeRequest) -> str:
        if request.method == "GET" and _NUMBER_PATH.fullmatch(request.path):
            return "check"
        if request.method != "POST" or not _MESSAGES_PATH.fullmatch(request.path):
            return ""
        return "typing" if "status" in request.json else "send"

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        error = {
            "message": f"(#{code}) {message}",
            "type": "OAuthException",
            "code": int(code or 1),
            "error_data": {"messaging_product": "whatsapp", "details": message},
            "fbtrace_id": "AbCdEfGhIjK",
        }
        return json_reply(status, {"error": error})

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        if not request.bearer or (self.settings.token and request.bearer != self.settings.token):
            return self.refuse(401, 190, "Invalid OAuth access token")
        if operation == "check":
            return json_reply(200, {"quality_rating": self.settings.quality, "id": "1001"})
        body = request.json
        problem = _read_receipt_problem(body) if operation == "typing" else _message_problem(body)
        if problem:
            return self.refuse(400, 100, problem)
        if operation == "typing":
            return self._mark_read(body)
        return self._send(request.path.split("/")[2], body)

    def _mark_read(self, body: dict[str, Any]) -> Reply:
        with self.changed:
            self.typing.append(body["message_id"])
            self.changed.notify_all()
        return json_reply(200, {"success": True})

    def _send(self, phone_number_id: str, body: dict[str, Any]) -> Reply:
        to = body.get("to") or body["recipient"]
        callback_data = body.get("biz_opaque_callback_data", "")
        text = body.get("text", {}).get("body", "")
        sent = Sent(webhooks.new_wamid(), time.time(), phone_number_id, to, text, callback_data, body)
        with self.changed:
            self.sent.append(sent)
            self.changed.notify_all()
        self._reported.put(sent)
        contact = {"input": to, "wa_id": to} if body.get("to") else {"input": to, "user_id": to}
        return json_reply(
            200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": sent.wamid}]}
        )

    def _report_statuses(self) -> None:
        while sent := self._reported.get():
            for state in self.settings.statuses if self.settings.webhook_url else ():
                self.stopping.wait(self.settings.status_delay)
                self._report(sent, state)

    def _report(self, sent: Sent, state: str) -> None:
        item = webhooks.status(sent.wamid, state, recipient=sent.to, callback_data=sent.callback_data)
        change = webhooks.cloud_api_change(phone_number_id=sent.phone_number_id, statuses=[item])
        body = webhooks.cloud_api_envelope(change)
        headers = webhooks.signed_headers(body, self.settings.app_secret)
        try:
            httpx2.post(self.settings.webhook_url, content=body, headers=headers, timeout=5)
        except httpx2.TransportError as error:
            print(f"status webhook not delivered: {type(error).__name__}", flush=True)


def _read_receipt_problem(body: dict[str, Any]) -> str:
    if body.get("status") != "read" or not body.get("message_id"):
        return "Invalid parameter: status"
    return ""


def _message_problem(body: dict[str, Any]) -> str:
    """What Graph would object to, as far as our requests can be wrong; empty: nothing."""
    kind = body.get("type", "text")
    checks = {
        "messaging_product": body.get("messaging_product") == "whatsapp",
        "to": _is_text(body.get("to") or body.get("recipient")),
        "type": kind in ("text", "template", "interactive", "image", "document", "audio", "video"),
        kind: isinstance(body.get(kind), dict),
        "biz_opaque_callback_data": len(str(body.get("biz_opaque_callback_data", ""))) <= 512,
        "context": _is_text(body.get("context", {"message_id": "none"}).get("message_id")),
    }
    wrong = next((name for name, right in checks.items() if not right), "")
    return f"Invalid parameter: {wrong}" if wrong else _content_problem(kind, body[kind])


def _content_problem(kind: str, content: dict[str, Any]) -> str:
    if kind == "text" and not (_is_text(content.get("body")) and len(content["body"]) <= 4096):
        return "Invalid parameter: text.body"
    if kind == "template" and not (content.get("name") and content.get("language", {}).get("code")):
        return "Invalid parameter: template"
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


if __name__ == "__main__":
    run(lambda port: FakeGraph(port=port))
