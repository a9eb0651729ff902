"""One Chat Completions call through the `openai` SDK.

Import it only where a model is called: the SDK is slow to load.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from openai.types.chat import ChatCompletionMessageParam

from conversations.llm.base import ChatMessage, Reply
from conversations.llm.chat_answers import read_reply
from conversations.llm.openai_client import calling
from conversations.llm.text import storable_text

if TYPE_CHECKING:
    from conversations.llm.providers import OpenAICompatible


def request_reply(
    provider: "OpenAICompatible", messages: Sequence[ChatMessage], *, max_output_tokens: int
) -> Reply:
    """Post one completion and return its reply. Raises an LLMError and nothing else.

    The request is that of https://platform.openai.com/docs/api-reference/chat/create.
    """
    with calling(provider) as client:
        answer = client.chat.completions.with_raw_response.create(
            model=provider.model,
            messages=[_as_parameter(message) for message in messages],
            extra_body={
                provider.limit_parameter: provider.output_limit(max_output_tokens),
                **provider.extra_fields,
            },
        )
    return read_reply(provider.name, answer.http_response.content)


def _as_parameter(message: ChatMessage) -> ChatCompletionMessageParam:
    content = storable_text(message.content)
    if message.role == "system":
        return {"role": "system", "content": content}
    if message.role == "assistant":
        return {"role": "assistant", "content": content}
    return {"role": "user", "content": content}
