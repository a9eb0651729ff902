"""The conversation within a turn: the model asks for functions, reads what they gave, and at last answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from conversations.llm.base import (
    ChatMessage,
    LLMError,
    ProviderRefusedError,
    ProviderUnavailableError,
    Reply,
    ToolCall,
    ToolRequest,
    ToolSpec,
    Usage,
)

MOST_ROUNDS = 4
_OUT_OF_TIME = "Not done: there is no time left."
_ANSWER_NOW = "No more functions can be called. Answer the customer now with what you have."

Ask: TypeAlias = Callable[[Sequence[ChatMessage], Sequence[ToolSpec]], Reply | ToolRequest]
"""Asks the model once; without specs it has to be a Reply. Raises an LLMError and nothing else."""

Run: TypeAlias = Callable[[ToolCall], str]
"""Returns what the model is told of a call. What it raises ends the turn."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """The answer, its usage that of all calls of the model together, and each of those calls' answers.

    `used` are the names of the functions that were called, in order: with any, the answer is this customer's
    and this moment's alone.
    """

    reply: Reply
    answers: tuple[Reply | ToolRequest, ...]
    used: tuple[str, ...]


def answer_with_tools(
    messages: Sequence[ChatMessage], *, specs: Sequence[ToolSpec], ask: Ask, run: Run, seconds: float
) -> Rounds:
    """Return the model's answer to `messages` after at most MOST_ROUNDS rounds of calls of `specs`.

    Calls of a round run one after the other. When the rounds or the `seconds` are used up, the model is asked
    once more, without functions: the whole takes `seconds` and two calls of the model at the most. One that
    refuses the first request is asked without functions at once.
    Raises an LLMError, whose `spent` is what the calls before it used.
    """
    conversation = _Conversation(list(messages), ask, run, time.monotonic() + seconds)
    try:
        reply = conversation.reply_in_rounds(specs) or conversation.last_reply()
    except LLMError as error:
        error.spent = conversation.spent
        raise
    whole = replace(reply, usage=conversation.spent)
    return Rounds(whole, tuple(conversation.answers), tuple(conversation.used))


@dataclass(slots=True)
class _Conversation:
    """What was said so far. `deadline` is of `time.monotonic()`."""

    asked: list[ChatMessage]
    ask: Ask
    run: Run
    deadline: float
    answers: list[Reply | ToolRequest] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    @property
    def spent(self) -> Usage:
        return sum((answer.usage for answer in self.answers), start=Usage())

    def reply_in_rounds(self, specs: Sequence[ToolSpec]) -> Reply | None:
        """Offer `specs` until the model replies; None: it has to be asked without them."""
        for _ in range(MOST_ROUNDS):
            if not specs or time.monotonic() >= self.deadline:
                break
            answer = self._offered(specs)
            if answer is None or isinstance(answer, Reply):
                return answer
            self._do(answer)
        return None

    def last_reply(self) -> Reply:
        """Ask without functions."""
        closing = [ChatMessage("system", _ANSWER_NOW)] if self.used else []
        answer = self.ask([*self.asked, *closing], ())
        self.answers.append(answer)
        if isinstance(answer, ToolRequest):
            raise ProviderUnavailableError(answer.provider, "asked for functions that were not offered")
        return answer

    def _offered(self, specs: Sequence[ToolSpec]) -> Reply | ToolRequest | None:
        """Ask with functions; None: the model takes none."""
        try:
            answer = self.ask(self.asked, specs)
        except ProviderRefusedError as error:
            if self.answers or error.may_have_worked:
                raise
            return None
        self.answers.append(answer)
        return answer

    def _do(self, request: ToolRequest) -> None:
        self.asked.append(ChatMessage("assistant", request.text, request=request))
        for call in request.calls:
            content = self.run(call) if time.monotonic() < self.deadline else _OUT_OF_TIME
            self.asked.append(ChatMessage("tool", content, call_id=call.id))
            self.used.append(call.name)
