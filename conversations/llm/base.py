"""What every language-model provider takes and gives, and the closed vocabulary of how a call can fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, overload, runtime_checkable

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message. An assistant's may carry the functions that it asked for (`request`, whose text is
    `content`); one of the role "tool" is the result of the call `call_id`, in the order of the calls."""

    role: Role
    content: str
    request: "ToolRequest | None" = None
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `cached_tokens` are the part of `input_tokens` that the provider had cached.

    `is_known` is False when the model worked and its provider did not say how much.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    is_known: bool = True

    def __add__(self, other: "Usage") -> "Usage":
        """Return what two calls used together."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.is_known and other.is_known,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable answer: `text` is never empty. `finish` is "stop", or "length" when it was cut short.

    `model` is the model that answered, as the provider names it.
    """

    text: str
    usage: Usage
    provider: str
    model: str
    finish: str
    response_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function that the model may call; `parameters` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called. `arguments` are whatever it wrote, not yet validated.

    `problem` says, for the model, why its arguments could not even be read; they are empty then.
    `echoed` are fields that the provider wants back with the call, as they came.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    echoed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Instead of a reply: functions to call first, at least one, in order. `text` may be empty.

    `echoed` are fields that the provider, and no other, wants back with this message.
    """

    calls: tuple[ToolCall, ...]
    text: str
    usage: Usage
    provider: str
    model: str
    response_id: str = ""
    echoed: Mapping[str, Any] = field(default_factory=dict)


class LLMError(Exception):
    """A call that gave no reply. `code` is the provider's or our word for why.

    Its text holds neither a secret nor anything a customer wrote, so that it can be logged.
    `may_have_worked`: the model may have worked all the same, and be billed, and nobody knows how much.
    `spent` is what earlier calls for the same answer used, which nobody else will tell (tool_rounds.py).
    """

    def __init__(self, provider: str, code: str, *, may_have_worked: bool = False) -> None:
        super().__init__(f"{provider}: {code}")
        self.provider = provider
        self.code = code
        self.may_have_worked = may_have_worked
        self.spent = Usage()


class ProviderRefusedError(LLMError):
    """Our request was refused (400, 404, 422, or the model declined to answer): repeating it is useless."""


class ProviderCredentialsError(LLMError):
    """The key, the account or its balance is not accepted (401, 402, 403): a person has to act."""


class ProviderThrottledError(LLMError):
    """Too many requests. Try again after `retry_after` seconds (None: the provider did not say)."""

    def __init__(self, provider: str, code: str, *, retry_after: float | None) -> None:
        super().__init__(provider, code)
        self.retry_after = retry_after


class ProviderUnavailableError(LLMError):
    """No connection, no answer in time, a server error, or an answer nobody can use: it may work later."""


class ProviderRestingError(LLMError):
    """It was not asked, for its circuit breaker is open: try another."""


class ResponseFailedError(LLMError):
    """The background response ended without a reply (failed, cancelled, cut short): start another."""


class ResponseGoneError(ResponseFailedError):
    """The provider knows no response of this id, or no longer: start another."""


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The background response is being made: ask again in a moment."""


class LLMProvider(Protocol):
    """A language model that answers. Threads may share one."""

    @property
    def name(self) -> str: ...

    @overload
    def complete(self, messages: Sequence[ChatMessage], *, max_output_tokens: int) -> Reply: ...

    @overload
    def complete(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int, tools: Sequence[ToolSpec]
    ) -> Reply | ToolRequest:
        """Return the model's reply to `messages`, or with `tools` the calls of them that it asks for.

        Raises an LLMError and nothing else.
        """


@runtime_checkable
class BackgroundProvider(LLMProvider, Protocol):
    """A provider that goes on working when nobody listens: its reply is fetched by id, by whoever asks.

    Every call is short, and raises an LLMError and nothing else.
    """

    def start(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_output_tokens: int,
        metadata: Mapping[str, str],
        tools: Sequence[ToolSpec] = (),
    ) -> str:
        """Begin a response and return its id; `metadata` is kept with it, for people to find it by."""

    def retrieve(self, response_id: str) -> Reply | ToolRequest | StillRunning:
        """Return the reply once it is there; a ToolRequest only where `start` was given tools.

        Raises ResponseFailedError (ResponseGoneError among them) or ProviderRefusedError when there will be
        none. Any other LLMError says that it could not be asked now: the response may still be well.
        """

    def cancel(self, response_id: str) -> None:
        """Stop a response that nobody needs any more; one that has ended stays as it is."""
