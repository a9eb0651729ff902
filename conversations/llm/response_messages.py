"""Messages and functions as the Responses API takes them.

Source: https://platform.openai.com/docs/guides/function-calling
"""

import json
from typing import TYPE_CHECKING, Any

from conversations.llm.base import ChatMessage, ToolSpec
from conversations.llm.text import storable_text

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam


def as_input_items(message: ChatMessage) -> "list[ResponseInputItemParam]":
    """Return the items that `message` is: calls of functions are items of their own.

    They go without the ids of their items, which OpenAI would want the items of thought for.
    """
    content = storable_text(message.content)
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.call_id, "output": content}]
    items: list[ResponseInputItemParam] = []
    if content or not message.request:
        items.append({"role": message.role, "content": content})
    for call in message.request.calls if message.request else ():
        arguments = json.dumps(call.arguments)
        items.append({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments})
    return items


def as_response_tool(tool: ToolSpec) -> dict[str, Any]:
    """Return the function as a request offers it. Strict schemas would make every argument required."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }
