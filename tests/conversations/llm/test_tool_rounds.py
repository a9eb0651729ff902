"""Rounds of functions within a turn: counted, in order, ended in time, with the usage of all calls."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from conversations.llm.base import (
    ChatMessage,
    ProviderRefusedError,
    ProviderUnavailableError,
    Reply,
    ToolCall,
    ToolRequest,
    ToolSpec,
    Usage,
)
from conversations.llm.tool_rounds import MOST_ROUNDS, Rounds, answer_with_tools

SPECS = (ToolSpec("stock", "How many there are.", {"type": "object", "properties": {}}),)
ASKED = (ChatMessage("user", "¿hay pan?"),)


def request(*ids: str, name: str = "stock") -> ToolRequest:
    calls = tuple(ToolCall(identifier, name) for identifier in ids)
    return ToolRequest(calls, "", Usage(100, 10, 5), "openai", "m")


REPLY = Reply("Sí.", Usage(200, 0, 7), "openai", "m", "stop")


class Model:
    """Gives its answers in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: Reply | ToolRequest | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[list[ChatMessage], Sequence[ToolSpec]]] = []

    def __call__(self, messages: Sequence[ChatMessage], specs: Sequence[ToolSpec]) -> Reply | ToolRequest:
        self.asked.append((list(messages), specs))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def rounds(model: Model, **values: Any) -> Rounds:
    defaults: dict[str, Any] = {
        "specs": SPECS,
        "ask": model,
        "run": lambda call: f"result of {call.id}",
        "seconds": 60.0,
    }
    return answer_with_tools(ASKED, **(defaults | values))


def test_a_reply_at_once_uses_no_function() -> None:
    model = Model(REPLY)

    result = rounds(model)

    assert (result.reply, result.used, result.answers) == (REPLY, (), (REPLY,))
    assert model.asked == [(list(ASKED), SPECS)]


def test_results_follow_their_calls_in_order() -> None:
    asking = request("a", "b")
    model = Model(asking, REPLY)

    result = rounds(model)

    assert model.asked[1][0] == [
        *ASKED,
        ChatMessage("assistant", "", request=asking),
        ChatMessage("tool", "result of a", call_id="a"),
        ChatMessage("tool", "result of b", call_id="b"),
    ]
    assert result.used == ("stock", "stock")


def test_the_usage_of_all_calls_is_added_up() -> None:
    result = rounds(Model(request("a"), request("b"), REPLY))

    assert result.reply.usage == Usage(400, 20, 17)
    assert [answer.usage for answer in result.answers] == [Usage(100, 10, 5), Usage(100, 10, 5), REPLY.usage]


def test_one_unknown_usage_makes_the_sum_unknown() -> None:
    unknown = Reply("Sí.", Usage(is_known=False), "openai", "m", "stop")

    assert rounds(Model(request("a"), unknown)).reply.usage == Usage(100, 10, 5, is_known=False)


def test_after_four_rounds_the_model_has_to_answer() -> None:
    model = Model(*[request(f"c{number}") for number in range(MOST_ROUNDS)], REPLY)

    result = rounds(model)

    assert result.reply.text == "Sí."
    ran = [message.call_id for message in model.asked[-1][0] if message.role == "tool"]
    assert ran == ["c0", "c1", "c2", "c3"]
    assert [specs for _, specs in model.asked] == [SPECS] * 4 + [()]
    assert model.asked[-1][0][-1].role == "system"


def test_a_model_that_never_answers_is_unavailable() -> None:
    model = Model(request("again"))

    with pytest.raises(ProviderUnavailableError) as failed:
        rounds(model)

    assert len(model.asked) == MOST_ROUNDS + 1
    assert failed.value.spent == Usage(500, 50, 25)


def test_when_time_is_over_no_function_runs_and_the_model_has_to_answer() -> None:
    model = Model(request("a", "b", "c"), REPLY)
    ran: list[str] = []

    def slow(call: ToolCall) -> str:
        ran.append(call.id)
        time.sleep(0.2)
        return "done"

    result = rounds(model, run=slow, seconds=0.1)

    assert ran == ["a"]
    assert [message.content for message in model.asked[1][0] if message.role == "tool"] == [
        "done",
        "Not done: there is no time left.",
        "Not done: there is no time left.",
    ]
    assert model.asked[1][1] == ()
    assert result.reply.text == "Sí."


def test_without_functions_the_model_is_asked_once_and_told_nothing() -> None:
    model = Model(REPLY)

    rounds(model, specs=())

    assert model.asked == [(list(ASKED), ())]


def test_a_failure_says_what_the_calls_before_it_used() -> None:
    model = Model(request("a"), ProviderUnavailableError("openai", "timeout"))

    with pytest.raises(ProviderUnavailableError) as failed:
        rounds(model)

    assert failed.value.spent == Usage(100, 10, 5)
    assert not failed.value.may_have_worked


def test_a_model_that_takes_no_functions_is_asked_without() -> None:
    model = Model(ProviderRefusedError("openai", "HTTP 400"), REPLY)

    result = rounds(model)

    assert (result.reply, result.used) == (REPLY, ())
    assert [specs for _, specs in model.asked] == [SPECS, ()]


@pytest.mark.parametrize(
    "answers",
    [
        (ProviderRefusedError("openai", "the model declined to answer", may_have_worked=True),),
        (request("a"), ProviderRefusedError("openai", "HTTP 400")),
    ],
    ids=["declined", "later"],
)
def test_another_refusal_stands(answers: tuple[Reply | ToolRequest | Exception, ...]) -> None:
    with pytest.raises(ProviderRefusedError):
        rounds(Model(*answers))


def test_what_a_function_raises_ends_the_turn() -> None:
    class LeaseGone(Exception):
        pass

    def run(call: ToolCall) -> str:
        raise LeaseGone

    model = Model(request("a", "b"), REPLY)
    with pytest.raises(LeaseGone):
        rounds(model, run=run)
    assert len(model.asked) == 1
