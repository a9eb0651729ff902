"""The answer of a Chat Completions call: a small typed model at the edge, tolerant of what we do not use.

Source: https://platform.openai.com/docs/api-reference/chat/object
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from botsite.resilience.http import parse_json
from conversations.llm.base import (
    ProviderRefusedError,
    ProviderUnavailableError,
    Reply,
    ToolRequest,
    Usage,
)
from conversations.llm.text import storable_text
from conversations.llm.tool_calls import read_chat_calls
from conversations.llm.usages import CachedTokens, Tokens, reported_usage

_WITHHELD = ("content_filter", "error")
NAME_LENGTH = 200


class _Usage(BaseModel):
    prompt_tokens: Tokens | None = None
    completion_tokens: Tokens | None = None
    prompt_tokens_details: CachedTokens | None = None


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None

    @property
    def echoed(self) -> dict[str, Any]:
        """What models that think want back with their calls: DeepSeek and OpenRouter refuse them without."""
        fields = {name: getattr(self, name) for name in ("reasoning_content", "reasoning_details")}
        return {name: value for name, value in fields.items() if value}


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    id: str | None = None
    model: str | None = None
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: Any = None


def read_reply(provider: str, body: bytes) -> Reply:
    """Return the reply in `body`.

    Raises ProviderRefusedError when the model declined to answer, ProviderUnavailableError when there is
    nothing to send: not JSON, cut short, no choice, no text.
    """
    return _reply(provider, _completion(provider, body))


def read_answer(provider: str, body: bytes) -> Reply | ToolRequest:
    """Return what `body`, the answer to an offer of functions, asks to call, or else the reply in it.

    Raises as `read_reply` does.
    """
    completion = _completion(provider, body)
    message = completion.choices[0].message
    calls = read_chat_calls(message.tool_calls)
    if not calls:
        return _reply(provider, completion)
    return ToolRequest(
        calls=calls,
        text=storable_text(message.content or "").strip(),
        usage=_read_usage(completion.usage),
        provider=provider,
        model=_name(completion.model),
        response_id=_name(completion.id),
        echoed=message.echoed,
    )


def _completion(provider: str, body: bytes) -> _Completion:
    """Return the completion, which the model did not decline to make."""
    try:
        completion = _Completion.model_validate(parse_json(body))
    except ValueError:
        # The validation error quotes the answer, which must not reach a log.
        raise ProviderUnavailableError(provider, "unusable answer", may_have_worked=True) from None
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason in _WITHHELD:
        raise ProviderRefusedError(provider, "the model declined to answer", may_have_worked=True)
    return completion


def _reply(provider: str, completion: _Completion) -> Reply:
    choice = completion.choices[0]
    text = storable_text(choice.message.content or "").strip()
    if not text:
        raise ProviderUnavailableError(provider, "empty answer", may_have_worked=True)
    return Reply(
        text=text,
        usage=_read_usage(completion.usage),
        provider=provider,
        model=_name(completion.model),
        finish="length" if choice.finish_reason == "length" else "stop",
        response_id=_name(completion.id),
    )


def _name(given: str | None) -> str:
    return storable_text(given or "")[:NAME_LENGTH]


def _read_usage(raw: Any) -> Usage:
    """An answer with a broken usage is still an answer; nobody knows its tokens."""
    try:
        usage = _Usage.model_validate(raw)
    except ValidationError:
        return Usage(is_known=False)
    return reported_usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        details=usage.prompt_tokens_details,
    )
