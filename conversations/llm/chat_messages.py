"""Messages and functions as Chat Completions takes them.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

import json
from typing import TYPE_CHECKING, Any, cast

from conversations.llm.base import ChatMessage, ToolCall, ToolRequest, ToolSpec
from conversations.llm.text import storable_text

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam


def as_chat_message(message: ChatMessage, provider: str) -> "ChatCompletionMessageParam":
    """Return `message` for `provider`; what another provider wanted back is left out."""
    content = storable_text(message.content)
    if message.request:
        return _asking(message.request, content, is_own=message.request.provider == provider)
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": content}
    if message.role == "system":
        return {"role": "system", "content": content}
    if message.role == "assistant":
        return {"role": "assistant", "content": content}
    return {"role": "user", "content": content}


def as_chat_tool(tool: ToolSpec) -> dict[str, Any]:
    """Return the function as a request offers it."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _asking(request: ToolRequest, content: str, *, is_own: bool) -> "ChatCompletionMessageParam":
    message = {
        "role": "assistant",
        "content": content or None,
        "tool_calls": [_call(call, is_own=is_own) for call in request.calls],
        **(request.echoed if is_own else {}),
    }
    return cast("ChatCompletionMessageParam", message)


def _call(call: ToolCall, *, is_own: bool) -> dict[str, Any]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        **(call.echoed if is_own else {}),
    }
