"""OpenAI's Responses in the background: begun, fetched by id, and stopped; each one short call.

Import it only where a model is called: the SDK is slow to load.
Source: https://platform.openai.com/docs/guides/background
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import openai

from conversations.llm.base import (
    ChatMessage,
    Reply,
    ResponseGoneError,
    StillRunning,
    ToolRequest,
    ToolSpec,
)
from conversations.llm.openai_client import calling, post
from conversations.llm.response_answers import read_response, read_response_id
from conversations.llm.response_messages import as_input_items, as_response_tool

if TYPE_CHECKING:
    from conversations.llm.providers import OpenAICompatible


def start_response(
    provider: "OpenAICompatible",
    messages: Sequence[ChatMessage],
    *,
    max_output_tokens: int,
    metadata: Mapping[str, str],
    tools: Sequence[ToolSpec],
) -> str:
    """Begin a response and return its id. It is stored at the provider, or it could not be fetched."""
    request = {
        "model": provider.model,
        "input": [item for message in messages for item in as_input_items(message)],
        "max_output_tokens": provider.output_limit(max_output_tokens),
        "background": True,
        "store": True,
        "metadata": dict(metadata),
        **_effort(provider.extra_fields),
        **({"tools": [as_response_tool(tool) for tool in tools]} if tools else {}),
    }
    with calling(provider) as client:
        body = post(client, "/responses", request)
    return read_response_id(provider.name, body)


def retrieve_response(provider: "OpenAICompatible", response_id: str) -> Reply | ToolRequest | StillRunning:
    """Return the reply once it is there; see BackgroundProvider.retrieve for what it raises."""
    with calling(provider) as client:
        try:
            answer = client.responses.with_raw_response.retrieve(response_id)
        except openai.NotFoundError as error:
            raise ResponseGoneError(provider.name, "response not found") from error
    return read_response(provider.name, answer.http_response.content)


def cancel_response(provider: "OpenAICompatible", response_id: str) -> None:
    """Stop a response; one that is not known any more needs no stopping."""
    with calling(provider) as client:
        try:
            client.responses.with_raw_response.cancel(response_id)
        except openai.NotFoundError:
            return


def _effort(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the Responses API is told what Chat Completions calls `reasoning_effort`."""
    effort = fields.get("reasoning_effort")
    return {"reasoning": {"effort": effort}} if effort else {}
