"""How a fake server is told to misbehave, for one call, for several, or until further notice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Drop = Literal["", "before", "after"]
Distortion = Literal["", "garbage", "html", "empty", "huge", "truncated", "drip"]

HUGE_BODY = 10 * 1024 * 1024
DRIP_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What happens to the next `times` calls (None: to all) of the operation `on` (empty: the main one).

    `status` refuses with an error that carries `code`, `message` and `retry_after` (seconds). `drop` closes
    the connection without a reply, before the call was accepted or after. `delay` waits so many seconds,
    after the call was accepted unless it is refused or dropped before. `distort` spoils the reply's body.
    """

    on: str = ""
    times: int | None = 1
    status: int = 0
    code: str | int = ""
    message: str = "as it was told to"
    retry_after: float | None = None
    delay: float = 0.0
    drop: Drop = ""
    distort: Distortion = ""


@dataclass(frozen=True)
class Reply:
    """What the server answers. `missing_bytes` are announced and never sent, `drip` sends byte by byte."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    missing_bytes: int = 0
    drip: bool = False


def json_reply(status: int, payload: object, **headers: str) -> Reply:
    """A JSON reply; `headers` are named with underscores (retry_after)."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(status, json.dumps(payload).encode(), named)


def distorted(reply: Reply, how: Distortion) -> Reply:
    match how:
        case "garbage":
            return replace(reply, body=b'\x00\xff{"half": ')
        case "html":
            return replace(reply, body=b"<html><body>Bad gateway</body></html>", content_type="text/html")
        case "empty":
            return replace(reply, body=_emptied(reply.body))
        case "huge":
            return replace(reply, body=reply.body[:-1] + b" " * HUGE_BODY + b"}")
        case "truncated":
            return replace(reply, body=reply.body[:10], missing_bytes=len(reply.body) - 10)
        case "drip":
            return replace(reply, drip=True)
        case _:
            return reply


def _emptied(body: bytes) -> bytes:
    """The same JSON object with its lists empty: no messages, no choices, no output."""
    payload: dict[str, Any] = json.loads(body)
    return json.dumps({k: [] if isinstance(v, list) else v for k, v in payload.items()}).encode()


class Script:
    """The behaviours waiting for their calls: the first that fits is used, up to its `times`."""

    def __init__(self) -> None:
        self._waiting: list[Behaviour] = []

    def add(self, behaviour: Behaviour) -> None:
        self._waiting.append(behaviour)

    def clear(self) -> None:
        self._waiting.clear()

    def next_for(self, operation: str) -> Behaviour:
        for position, behaviour in enumerate(self._waiting):
            if behaviour.on == operation:
                self._use(position, behaviour)
                return behaviour
        return Behaviour()

    def _use(self, position: int, behaviour: Behaviour) -> None:
        if behaviour.times is None:
            return
        if behaviour.times > 1:
            self._waiting[position] = replace(behaviour, times=behaviour.times - 1)
        else:
            del self._waiting[position]
