"""The calls of functions in a model's answer: read as far as they can be, and what cannot is said.

A model may write anything: broken JSON, no id, a megabyte. None of it may end a turn, and none of it is sent
back as it came: providers refuse a conversation with ids or names that they do not know as such.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from botsite.resilience.http import parse_json
from conversations.llm.base import ToolCall
from conversations.llm.text import storable_text

MOST_CALLS = 8
"""Of one answer; the others are left out, also from what the model is told that it asked for."""

ARGUMENTS_CHARACTERS = 8_000
_ID = re.compile(r"[\w.-]{1,100}", re.ASCII)
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
_NO_NAME = "unnamed"


def read_chat_calls(raw: Any) -> tuple[ToolCall, ...]:
    """Return the calls in `tool_calls` of a Chat Completions message, at most MOST_CALLS of them."""
    return _distinct(_chat_call(item) for item in _objects(raw))


def read_response_calls(raw: Any) -> tuple[ToolCall, ...]:
    """Return the calls among the output items of a response, at most MOST_CALLS of them."""
    items = (item for item in _objects(raw) if item.get("type") == "function_call")
    return _distinct(_call(item.get("call_id"), item) for item in items)


def _chat_call(item: Mapping[str, Any]) -> ToolCall:
    function = item.get("function")
    # Gemini's signature of its thoughts: it refuses a conversation in which its calls come without.
    extra = item.get("extra_content")
    return _call(
        item.get("id"),
        function if isinstance(function, dict) else {},
        echoed={"extra_content": extra} if extra else {},
    )


def _call(given_id: Any, function: Mapping[str, Any], echoed: Mapping[str, Any] | None = None) -> ToolCall:
    arguments, problem = _arguments(function.get("arguments"))
    return ToolCall(
        id=_matching(_ID, given_id),
        name=_matching(_NAME, function.get("name")) or _NO_NAME,
        arguments=arguments,
        problem=problem,
        echoed=echoed or {},
    )


def _arguments(raw: Any) -> tuple[dict[str, Any], str]:
    """Return the arguments and no problem, or none and the problem."""
    # Some servers send the object itself.
    written = json.dumps(raw) if isinstance(raw, dict) else raw
    if written is None or written == "":
        return {}, ""  # how some models call a function that takes none
    if not isinstance(written, str):
        return {}, "the arguments are not a JSON object"
    if len(written) > ARGUMENTS_CHARACTERS:
        return {}, f"the arguments are longer than {ARGUMENTS_CHARACTERS} characters"
    try:
        value = parse_json(storable_text(written).encode())
    except ValueError:
        return {}, "the arguments are not valid JSON"
    if not isinstance(value, dict):
        return {}, "the arguments are not a JSON object"
    return _storable(value), ""


def _storable(value: Any) -> Any:
    """Return the JSON value without what neither Postgres nor UTF-8 carries, which escapes can smuggle in."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {storable_text(key): _storable(item) for key, item in value.items()}
    return value


def _distinct(calls: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    """Return the first calls, each with an id of its own: results find their calls by it."""
    kept: dict[str, ToolCall] = {}
    for position, call in zip(range(MOST_CALLS), calls, strict=False):
        identifier = call.id if call.id and call.id not in kept else f"call-{position + 1}"
        kept[identifier] = ToolCall(identifier, call.name, call.arguments, call.problem, call.echoed)
    return tuple(kept.values())


def _objects(raw: Any) -> Iterable[dict[str, Any]]:
    return (item for item in raw if isinstance(item, dict)) if isinstance(raw, list) else ()


def _matching(pattern: re.Pattern[str], given: Any) -> str:
    return given if isinstance(given, str) and pattern.fullmatch(given) else ""
