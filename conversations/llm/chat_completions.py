"""One Chat Completions call through the `openai` SDK.

Import it only where a model is called: the SDK is slow to load.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conversations.llm.base import ChatMessage, Reply, ToolRequest, ToolSpec
from conversations.llm.chat_answers import read_answer, read_reply
from conversations.llm.chat_messages import as_chat_message, as_chat_tool
from conversations.llm.openai_client import calling, post

if TYPE_CHECKING:
    from conversations.llm.providers import OpenAICompatible


def request_answer(
    provider: "OpenAICompatible",
    messages: Sequence[ChatMessage],
    *,
    max_output_tokens: int,
    tools: Sequence[ToolSpec],
) -> Reply | ToolRequest:
    """Post one completion and return its reply, or what it asks to call. Raises an LLMError and nothing else.

    The request is that of https://platform.openai.com/docs/api-reference/chat/create.
    """
    request = {
        "model": provider.model,
        "messages": [as_chat_message(message, provider.name) for message in messages],
        provider.limit_parameter: provider.output_limit(max_output_tokens),
        **({"tools": [as_chat_tool(tool) for tool in tools]} if tools else {}),
        **provider.chat_fields(with_tools=bool(tools)),
    }
    with calling(provider) as client:
        body = post(client, "/chat/completions", request)
    read = read_answer if tools else read_reply
    return read(provider.name, body)
