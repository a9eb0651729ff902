"""Calls of functions in a model's answer: what is wrong with them is said, or cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import ToolCall, ToolRequest
from conversations.llm.chat_answers import read_answer
from conversations.llm.tool_calls import (
    ARGUMENTS_CHARACTERS,
    MOST_CALLS,
    read_chat_calls,
    read_response_calls,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def chat_call(
    arguments: Any, *, name: Any = "stock", call_id: Any = "call_1", **fields: Any
) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}, **fields}


def read_one(arguments: Any) -> ToolCall:
    (call,) = read_chat_calls([chat_call(arguments)])
    return call


def test_a_call_has_its_name_and_arguments() -> None:
    assert read_one('{"sku": "A-1", "quantity": 2}') == ToolCall(
        "call_1", "stock", {"sku": "A-1", "quantity": 2}
    )


@pytest.mark.parametrize("nothing", [None, "", "{}", {}])
def test_no_arguments_are_no_problem(nothing: Any) -> None:
    assert read_one(nothing) == ToolCall("call_1", "stock", {})


def test_arguments_that_are_an_object_already_are_taken() -> None:
    assert read_one({"sku": "A-1"}).arguments == {"sku": "A-1"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"sku": "A-1"', "the arguments are not valid JSON"),
        ("sku=A-1", "the arguments are not valid JSON"),
        ("[" * 5000, "the arguments are not valid JSON"),
        ('["A-1"]', "the arguments are not a JSON object"),
        ('"A-1"', "the arguments are not a JSON object"),
        (7, "the arguments are not a JSON object"),
        (["A-1"], "the arguments are not a JSON object"),
        (
            json.dumps({"sku": "x" * 1_000_000}),
            f"the arguments are longer than {ARGUMENTS_CHARACTERS} characters",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_arguments_that_cannot_be_read_are_said_to_be(arguments: Any, problem: str) -> None:
    assert read_one(arguments) == ToolCall("call_1", "stock", {}, problem)


def test_what_no_database_stores_is_taken_out_of_arguments() -> None:
    call = read_one('{"te\\u0000xt": ["a\\u0000b", {"c": "\\ud800"}]}')

    assert call.arguments == {"text": ["ab", {"c": "\ufffd"}]}


def test_of_fifty_calls_the_first_are_kept() -> None:
    calls = read_chat_calls([chat_call("{}", call_id=f"call_{number}") for number in range(50)])

    assert [call.id for call in calls] == [f"call_{number}" for number in range(MOST_CALLS)]


def test_every_call_gets_an_id_of_its_own() -> None:
    ids = ["a", "a", None, "", 7, "x" * 500, "with space"]
    calls = read_chat_calls([chat_call("{}", call_id=given) for given in ids])

    assert calls[0].id == "a"
    assert len({call.id for call in calls}) == len(ids)
    assert [call.id for call in calls[1:]] == [f"call-{number}" for number in range(2, 8)]


@pytest.mark.parametrize("name", [None, "", "no such.name", "x" * 100, 7, "ñ"])
def test_a_name_that_no_provider_would_take_back_is_replaced(name: Any) -> None:
    (call,) = read_chat_calls([chat_call("{}", name=name)])

    assert call.name == "unnamed"


def test_a_signature_of_thoughts_stays_with_its_call() -> None:
    extra = {"google": {"thought_signature": "c2ln"}}
    (call,) = read_chat_calls([chat_call("{}", extra_content=extra)])

    assert call.echoed == {"extra_content": extra}


@given(JSON_VALUES)
def test_anything_at_all_is_read_without_an_error(raw: Any) -> None:
    for calls in (
        read_chat_calls(raw),
        read_chat_calls([raw, chat_call(raw, name=raw, call_id=raw)]),
        read_response_calls([raw, {"type": "function_call", "call_id": raw, "name": raw, "arguments": raw}]),
    ):
        assert len({call.id for call in calls}) == len(calls)


def test_of_a_response_only_the_calls_are_read() -> None:
    calls = read_response_calls(
        [
            {"type": "reasoning", "id": "rs_1"},
            {"type": "function_call", "call_id": "call_9", "name": "stock", "arguments": '{"sku": "A"}'},
            {"type": "message", "content": []},
        ]
    )

    assert calls == (ToolCall("call_9", "stock", {"sku": "A"}),)


def test_text_beside_calls_is_kept_with_them() -> None:
    message = {
        "content": " Un momento. ",
        "tool_calls": [chat_call("{}")],
        "reasoning_content": "hm",
        "reasoning_details": None,
    }
    body = {"model": "m", "choices": [{"message": message, "finish_reason": "tool_calls"}]}

    request = read_answer("deepseek", json.dumps(body).encode())

    assert isinstance(request, ToolRequest)
    assert (request.text, request.echoed) == ("Un momento.", {"reasoning_content": "hm"})
    assert not request.usage.is_known
