"""A fake of an OpenAI-compatible API: chat completions, models, and background responses.

Answers "re: <last user message>" unless replies are scripted. Run alone:
`python -m tests.fakes.openai_compatible --port N --settings '{"latency": [0.5, 2]}'`.
"""

import json
import random
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

from tests.fakes.base import FakeRequest, FakeServer, run
from tests.fakes.behaviour import Reply, json_reply

_RESPONSE_PATH = re.compile(r"/v1/responses/([^/]+)(/cancel)?")
_FIXED_PATHS = {
    ("POST", "/v1/chat/completions"): "chat",
    ("POST", "/v1/responses"): "create_response",
    ("GET", "/v1/models"): "models",
}


@dataclass(frozen=True, kw_only=True)
class OpenAISettings:
    """`latency` in seconds: the shortest and the longest of a random range. `replies` are given in turn, each
    a text or a whole message (`tool_calls(…)`); when they are used up, the last user message is echoed.
    A background response is done after `background_seconds`, in the state `background_status`. Without
    `reports_usage` a chat completion does not say what it used."""

    api_key: str = ""
    latency: tuple[float, float] = (0.0, 0.0)
    replies: tuple[str | dict[str, Any], ...] = ()
    models: tuple[str, ...] = ("gpt-5.4-mini", "gpt-5.4-nano")
    reports_usage: bool = True
    background_seconds: float = 0.2
    background_status: str = "completed"


@dataclass
class _Response:
    id: str
    created: float
    request: dict[str, Any]
    text: str
    calls: list[dict[str, Any]]
    cancelled: bool = False


def tool_calls(*calls: tuple[str, Any], **message: Any) -> dict[str, Any]:
    """A message for `replies` that asks for functions: (name, arguments) each, a text of arguments as it is.

    `message` are further fields of it.
    """
    asked = [
        {
            "id": f"call_{uuid.uuid4().hex[:24]}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for name, given in calls
    ]
    return {"content": None, "tool_calls": asked, **message}


class FakeOpenAI(FakeServer[OpenAISettings]):
    operations = ("chat", "create_response", "retrieve_response", "cancel_response", "models")

    def __init__(self, settings: OpenAISettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or OpenAISettings(), port=port)
        self._replies_used = 0
        self._responses: dict[str, _Response] = {}

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"{self.url}/v1"

    def configure(self, **settings: Any) -> None:
        super().configure(**settings)
        if "replies" in settings:
            self._replies_used = 0

    def reset(self) -> None:
        super().reset()
        self._responses.clear()
        self.configure(replies=())

    def bill(self, response_id: str) -> int:
        """How many tokens a background response costs that is not cancelled."""
        return int(_response_usage(self._responses[response_id])["total_tokens"])

    def operation(self, request: FakeRequest) -> str:
        if fixed := _FIXED_PATHS.get((request.method, request.path)):
            return fixed
        if not (found := _RESPONSE_PATH.fullmatch(request.path)):
            return ""
        wanted = {("GET", False): "retrieve_response", ("POST", True): "cancel_response"}
        return wanted.get((request.method, bool(found[2])), "")

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code or None}
        return json_reply(status, {"error": error})

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        if not request.bearer or (self.settings.api_key and request.bearer != self.settings.api_key):
            return self.refuse(401, "invalid_api_key", "Incorrect API key provided")
        match operation:
            case "chat":
                return self._chat(request.json)
            case "create_response":
                return self._create_response(request.json)
            case "models":
                models = [
                    {"id": name, "object": "model", "owned_by": "fake"} for name in self.settings.models
                ]
                return json_reply(200, {"object": "list", "data": models})
            case _:
                return self._known_response(request.path, cancel=operation == "cancel_response")

    def _chat(self, body: dict[str, Any]) -> Reply:
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages or not body.get("model") or body.get("stream"):
            return self.refuse(400, "invalid_value", "model and messages are required, stream is not spoken")
        if problem := _calls_problem(messages):
            return self.refuse(400, "invalid_value", problem)
        self.stopping.wait(random.uniform(*self.settings.latency))
        message = self._next_message(_last_user_text(messages))
        prompt, completion = _tokens(messages), _tokens(message.get("content"))
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0},
        }
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        return json_reply(
            200,
            {
                "id": f"chatcmpl-{uuid.uuid4().hex}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": usage if self.settings.reports_usage else None,
            },
        )

    def _next_message(self, question: str) -> dict[str, Any]:
        with self.changed:
            position = self._replies_used
            self._replies_used += 1
        scripted = self.settings.replies[position : position + 1]
        reply = scripted[0] if scripted else f"re: {question}"
        return {"role": "assistant", **(reply if isinstance(reply, dict) else {"content": reply})}

    def _create_response(self, body: dict[str, Any]) -> Reply:
        if not body.get("model") or "input" not in body:
            return self.refuse(400, "invalid_value", "model and input are required")
        message = self._next_message(_last_user_text(body["input"]))
        text, calls = message.get("content") or "", message.get("tool_calls") or []
        response = _Response(f"resp_{uuid.uuid4().hex}", time.monotonic(), body, text, calls)
        if body.get("store", True):
            self._responses[response.id] = response
        return json_reply(200, self._response_object(response))

    def _known_response(self, path: str, *, cancel: bool) -> Reply:
        identifier = path.split("/")[3]
        response = self._responses.get(identifier)
        if response is None:
            return self.refuse(404, "response_not_found", f"Response with id '{identifier}' not found.")
        response.cancelled = response.cancelled or cancel
        return json_reply(200, self._response_object(response))

    def _response_object(self, response: _Response) -> dict[str, Any]:
        status = self._response_status(response)
        done = status == "completed"
        return {
            "id": response.id,
            "object": "response",
            "created_at": int(time.time()),
            "status": status,
            "background": bool(response.request.get("background")),
            "model": response.request["model"],
            "metadata": response.request.get("metadata", {}),
            "output": _output(response) if done else [],
            "usage": _response_usage(response) if done else None,
            "error": {"code": "server_error", "message": "as it was told to"} if status == "failed" else None,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }

    def _response_status(self, response: _Response) -> str:
        age = time.monotonic() - response.created
        if response.cancelled:
            return "cancelled"
        if not response.request.get("background") or age >= self.settings.background_seconds:
            return self.settings.background_status
        return "queued" if age < self.settings.background_seconds / 2 else "in_progress"


def _output(response: _Response) -> list[dict[str, Any]]:
    """The items of a response: a message where there is text, and each call."""
    part = {"type": "output_text", "text": response.text, "annotations": []}
    message = {"type": "message", "id": f"msg_{response.id}", "role": "assistant", "status": "completed"}
    calls = [
        {"type": "function_call", "id": f"fc_{call['id']}", "call_id": call["id"], **call["function"]}
        for call in response.calls
    ]
    return [*([{**message, "content": [part]}] if response.text else []), *calls]


def _calls_problem(messages: list[Any]) -> str:
    """What OpenAI would refuse: calls of functions that are not followed by a result each, and no other."""
    open_calls: list[str] = []
    for message in messages:
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                return "a tool message has to follow the call that it is a result of"
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            return "every tool call has to be followed by its result"
        else:
            open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    return "every tool call has to be followed by its result" if open_calls else ""


def _response_usage(response: _Response) -> dict[str, Any]:
    prompt, completion = _tokens(response.request["input"]), _tokens(response.text)
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + completion,
    }


def _last_user_text(messages: object) -> str:
    """The words of the last user message, whether its content is a text or a list of parts."""
    if not isinstance(messages, list):
        return str(messages)
    asked = [item for item in messages if isinstance(item, dict) and item.get("role") == "user"]
    content = asked[-1].get("content", "") if asked else ""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def _tokens(content: object) -> int:
    """About four characters to a token, as with the real ones; never zero."""
    return len(str(content)) // 4 + 1


if __name__ == "__main__":
    run(lambda port: FakeOpenAI(port=port))
