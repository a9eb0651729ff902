"""Answers of every shape: a reply, or one of our own errors."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import LLMError, ProviderRefusedError, ProviderUnavailableError, Usage
from conversations.llm.chat_answers import read_reply


def _body(content: Any = "Sí.", *, finish: Any = "stop", message: Any = None, **values: Any) -> bytes:
    choice = {"message": message or {"role": "assistant", "content": content}, "finish_reason": finish}
    completion = {"id": "chatcmpl-1", "model": "gpt-5.4-mini", "choices": [choice]}
    return json.dumps(completion | values).encode()


def test_a_whole_answer() -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 20}}

    reply = read_reply("openai", _body("  Sí, hay.\n", usage=usage))

    assert (reply.text, reply.finish, reply.response_id) == ("Sí, hay.", "stop", "chatcmpl-1")
    assert (reply.provider, reply.model) == ("openai", "gpt-5.4-mini")
    assert reply.usage == Usage(input_tokens=30, cached_tokens=20, output_tokens=7)


def test_an_answer_cut_short_says_so() -> None:
    assert read_reply("openai", _body("Sí, pero", finish="length")).finish == "length"


@pytest.mark.parametrize(
    "usage",
    [None, "much", [], {"prompt_tokens": "many"}, {"prompt_tokens": -1}, {"prompt_tokens": 10**30},
     {"prompt_tokens": None, "prompt_tokens_details": None}],
)  # fmt: skip
def test_a_broken_usage_does_not_lose_the_answer(usage: Any) -> None:
    reply = read_reply("openai", _body(usage=usage))

    assert reply.text == "Sí."
    assert reply.usage == Usage(is_known=False)


@pytest.mark.parametrize("values", [{"id": None}, {"model": None}, {"created": "never"}])
def test_what_is_not_needed_may_be_missing(values: dict[str, Any]) -> None:
    assert read_reply("openai", _body(**values)).text == "Sí."


def test_an_answer_can_always_be_stored() -> None:
    reply = read_reply("openai", _body("S\ud800\x00.", model="m\x00", id="i\x00"))

    assert (reply.text, reply.model, reply.response_id) == ("S\ufffd.", "m", "i")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"<html>Bad gateway</html>",
        b'{"choices": [{"message": {"content": "S',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"error": {"message": "overloaded"}}',
        _body(choices=[]),
        _body(choices=None),
        _body(choices=[None]),
        _body(None),
        _body(""),
        _body(" \n"),
        _body("\x00"),
        _body(["parts"]),
        _body(message={"role": "assistant"}),
        _body(None, finish="length"),
    ],
)
def test_an_unusable_answer_counts_as_unavailable(body: bytes) -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        read_reply("openai", body)
    assert caught.value.provider == "openai"
    assert str(caught.value) in {"openai: unusable answer", "openai: empty answer"}


@pytest.mark.parametrize(
    "body",
    [
        _body(message={"content": None, "refusal": "I can't help with that."}),
        _body("Sí, pero", finish="content_filter"),
        _body(None, finish="content_filter"),
    ],
)
def test_a_model_that_declines_is_a_refusal(body: bytes) -> None:
    with pytest.raises(ProviderRefusedError, match="declined"):
        read_reply("openai", body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "model", "choices", "message", "content", "usage"]), inner)
    ),
)


@given(JSON)
def test_any_json_gives_a_reply_or_our_error(payload: Any) -> None:
    with suppress(LLMError):
        read_reply("openai", json.dumps(payload).encode())
