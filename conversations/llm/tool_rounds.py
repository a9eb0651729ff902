"""The conversation within a turn: the model asks for functions, reads what they gave, and at last answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from conversations.llm.base import (
    ChatMessage,
    LLMError,
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
    once more, without functions: the whole takes `seconds` and two calls of the model at the most.
    Raises an LLMError, whose `spent` is what the calls before it used.
    """
    deadline = time.monotonic() + seconds
    asked, answers, used = list(messages), list[Reply | ToolRequest](), list[str]()
    try:
        for _ in range(MOST_ROUNDS):
            if not specs or time.monotonic() >= deadline:
                break
            answer = ask(asked, specs)
            answers.append(answer)
            if isinstance(answer, Reply):
                return _ended(answer, answers, used)
            asked.append(ChatMessage("assistant", answer.text, request=answer))
            asked += [_result(call, run, deadline) for call in answer.calls]
            used += [call.name for call in answer.calls]
        last = ask([*asked, ChatMessage("system", _ANSWER_NOW)] if used else asked, ())
    except LLMError as error:
        error.spent = _spent(answers)
        raise
    answers.append(last)
    if isinstance(last, ToolRequest):
        failure = ProviderUnavailableError(last.provider, "asked for functions that were not offered")
        failure.spent = _spent(answers)
        raise failure
    return _ended(last, answers, used)


def _result(call: ToolCall, run: Run, deadline: float) -> ChatMessage:
    content = run(call) if time.monotonic() < deadline else _OUT_OF_TIME
    return ChatMessage("tool", content, call_id=call.id)


def _ended(reply: Reply, answers: Sequence[Reply | ToolRequest], used: Sequence[str]) -> Rounds:
    return Rounds(replace(reply, usage=_spent(answers)), tuple(answers), tuple(used))


def _spent(answers: Sequence[Reply | ToolRequest]) -> Usage:
    return sum((answer.usage for answer in answers), start=Usage())
