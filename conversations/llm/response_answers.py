"""What a background response has come to: a small typed model at the edge.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from botsite.resilience.http import parse_json
from conversations.llm.base import (
    ProviderRefusedError,
    ProviderUnavailableError,
    Reply,
    ResponseFailedError,
    StillRunning,
    ToolRequest,
    Usage,
)
from conversations.llm.chat_answers import NAME_LENGTH
from conversations.llm.text import storable_text
from conversations.llm.tool_calls import read_response_calls
from conversations.llm.usages import CachedTokens, Tokens, reported_usage

_RUNNING = ("queued", "in_progress")
_ENDED_WITH_TEXT = ("completed", "incomplete")
# The model will not answer this prompt, however often it is asked.
_DECLINED = ("invalid_prompt", "content_filter", "bio_policy", "misalignment_policy_violation")
_ID_LENGTH = 100
_CODE_LENGTH = 60


class _Part(BaseModel):
    type: str = ""
    text: str | None = None


class _Item(BaseModel):
    type: str = ""
    content: list[_Part] | None = None
    call_id: Any = None
    name: Any = None
    arguments: Any = None


class _Error(BaseModel):
    code: str | None = None


class _Incomplete(BaseModel):
    reason: str | None = None


class _Usage(BaseModel):
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    input_tokens_details: CachedTokens | None = None


class _Response(BaseModel):
    id: Annotated[str, Field(pattern=r"^[\w-]+$", max_length=_ID_LENGTH)]
    status: str
    model: str | None = None
    output: list[_Item] | None = None
    error: _Error | None = None
    incomplete_details: _Incomplete | None = None
    usage: Any = None


def read_response_id(provider: str, body: bytes) -> str:
    """Return the id of the response that was begun. Raises ProviderUnavailableError when there is none."""
    return _response(provider, body).id


def read_response(provider: str, body: bytes) -> Reply | ToolRequest | StillRunning:
    """Return the reply in `body`, or the functions that it asks for, if there is either yet.

    Raises ResponseFailedError or ProviderRefusedError when there will be none, ProviderUnavailableError when
    `body` cannot be understood.
    """
    response = _response(provider, body)
    if response.status in _RUNNING:
        return StillRunning()
    _require_not_declined(provider, response)
    return _ended(provider, response)


def _require_not_declined(provider: str, response: _Response) -> None:
    if _reason(response) in _DECLINED or "refusal" in {part.type for part in _parts(response)}:
        raise ProviderRefusedError(provider, "the model declined to answer")


def _ended(provider: str, response: _Response) -> Reply | ToolRequest:
    """Return what a response says that works no more. Raises ResponseFailedError when it says nothing."""
    text = _text(response)
    calls = read_response_calls([item.model_dump() for item in response.output or []])
    if response.status not in _ENDED_WITH_TEXT or not (text or calls):
        why = _reason(response) or storable_text(response.status)[:_CODE_LENGTH]
        raise ResponseFailedError(provider, why)
    usage, model = _read_usage(response.usage), storable_text(response.model or "")[:NAME_LENGTH]
    if calls:
        return ToolRequest(calls, text, usage, provider, model, response.id)
    finish = "length" if response.status == "incomplete" else "stop"
    return Reply(text, usage, provider, model, finish, response.id)


def _response(provider: str, body: bytes) -> _Response:
    try:
        return _Response.model_validate(parse_json(body))
    except ValueError:
        # The validation error quotes the answer, which must not reach a log.
        raise ProviderUnavailableError(provider, "unusable answer", may_have_worked=True) from None


def _text(response: _Response) -> str:
    written = [part.text or "" for part in _parts(response) if part.type == "output_text"]
    return storable_text("".join(written)).strip()


def _parts(response: _Response) -> list[_Part]:
    return [part for item in response.output or [] for part in item.content or []]


def _reason(response: _Response) -> str:
    """Return the provider's word for why there is no whole reply; its sentence may quote the customer."""
    code = response.error and response.error.code
    reason = response.incomplete_details and response.incomplete_details.reason
    return storable_text(code or reason or "")[:_CODE_LENGTH]


def _read_usage(raw: Any) -> Usage:
    """A response with a broken usage is still a reply; nobody knows its tokens."""
    try:
        usage = _Usage.model_validate(raw)
    except ValidationError:
        return Usage(is_known=False)
    return reported_usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        details=usage.input_tokens_details,
    )
