"""The fake model and the fake Graph API with what the judge needs: numbered calls, and who accepted what."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes import webhooks
from tests.fakes.base import FakeRequest
from tests.fakes.behaviour import Reply
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI, OpenAISettings
from tests.faults.evidence import Sent, markers_in

NUMBER_PREFIX = "57300"


def wa_id(user: int) -> str:
    return f"{NUMBER_PREFIX}{user:07d}"


def user_number(wa_id: str) -> int:
    return int(wa_id.removeprefix(NUMBER_PREFIX))


@dataclass(slots=True)
class SeenCall:
    """A model call as it came; `key` is the API key of the process that called. `ended` 0: not yet."""

    number: int
    key: str
    asked: tuple[str, ...]
    prompt: frozenset[str]
    started: float
    ended: float = 0.0
    tokens: int = 0
    """What it is billed with, once it was answered."""

    @property
    def signature(self) -> str:
        return f" #c{self.number}"


class FaultModel(FakeOpenAI):
    """Echoes the last user message and signs with the number of the call.

    A response in the background is ready after the middle of `latency`, whoever fetches it.
    """

    def __init__(self, latency: tuple[float, float]) -> None:
        super().__init__(OpenAISettings(latency=latency, background_seconds=sum(latency) / 2))
        self.calls: list[SeenCall] = []
        self._numbers = itertools.count(1)
        self._begun: dict[str, SeenCall] = {}

    def respond(self, request: FakeRequest) -> Reply | None:
        match self.operation(request):
            case "chat":
                return self._chat_seen(request)
            case "create_response":
                return self._response_seen(request)
            case "retrieve_response":
                return self._response_fetched(request)
            case _:
                return super().respond(request)

    def _chat_seen(self, request: FakeRequest) -> Reply | None:
        call = self._seen(request, request.json.get("messages", []))
        reply = super().respond(request)
        call.ended = time.time()
        if reply is None or reply.status != 200:
            return reply
        payload = json.loads(reply.body)
        call.tokens = payload["usage"]["total_tokens"]
        payload["choices"][0]["message"]["content"] += call.signature
        return replace(reply, body=json.dumps(payload).encode())

    def _response_seen(self, request: FakeRequest) -> Reply | None:
        call = self._seen(request, request.json.get("input", []))
        reply = super().respond(request)
        call.ended = time.time()
        if reply is not None and reply.status == 200:
            call.ended += self.settings.background_seconds
            identifier = json.loads(reply.body)["id"]
            call.tokens = self.bill(identifier)
            self._begun[identifier] = call
        return reply

    def _response_fetched(self, request: FakeRequest) -> Reply | None:
        reply = super().respond(request)
        if reply is None or reply.status != 200:
            return reply
        payload = json.loads(reply.body)
        for item in payload["output"]:
            item["content"][0]["text"] += self._begun[payload["id"]].signature
        return replace(reply, body=json.dumps(payload).encode())

    def _seen(self, request: FakeRequest, messages: list[dict[str, Any]]) -> SeenCall:
        asked = [item["content"] for item in messages if item.get("role") == "user"]
        call = SeenCall(
            number=next(self._numbers),
            key=request.bearer,
            asked=markers_in(asked[-1] if asked else ""),
            prompt=frozenset(markers_in(json.dumps(messages))),
            started=time.time(),
        )
        self.calls.append(call)
        return call


class FaultGraph(FakeGraph):
    """Keeps what it accepted and hands the statuses that follow to `report`, if they are wanted."""

    def __init__(self, report: Callable[[list[dict[str, Any]]], None] | None) -> None:
        super().__init__()
        self.accepted: list[Sent] = []
        self._report_to = report

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        reply = super().accept(operation, request)
        if operation == "send" and reply.status == 200:
            self._keep(request.json, json.loads(reply.body)["messages"][0]["id"])
        return reply

    def _keep(self, body: dict[str, Any], wamid: str) -> None:
        token = body.get("biz_opaque_callback_data", "")
        sent = Sent(
            user=user_number(body["to"]),
            markers=markers_in(body.get("text", {}).get("body", "")),
            token=token,
            at=time.time(),
        )
        self.accepted.append(sent)
        if self._report_to is not None:
            to, states = body["to"], ("sent", "delivered", "read")
            self._report_to(
                [webhooks.status(wamid, state, recipient=to, callback_data=token) for state in states]
            )
