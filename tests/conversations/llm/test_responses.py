"""Background responses over real sockets: begun, fetched, stopped, and every way that they fail."""

import json
from dataclasses import replace
from typing import Any

import pytest

from conversations.llm.base import (
    BackgroundProvider,
    ChatMessage,
    LLMError,
    ProviderCredentialsError,
    ProviderRefusedError,
    ProviderThrottledError,
    ProviderUnavailableError,
    Reply,
    ResponseFailedError,
    ResponseGoneError,
    StillRunning,
    Usage,
)
from conversations.llm.complexity import Tier
from conversations.llm.providers import THINKING_TOKENS, OpenAIResponses, configured_providers
from conversations.llm.response_answers import read_response
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI

ASKED = [
    ChatMessage("system", "Be brief."),
    ChatMessage("user", "hola"),
    ChatMessage("assistant", "¡Hola!"),
    ChatMessage("user", "¿hay wifi? \ud800"),
]
SETTINGS = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "https://api.invalid/v1", "OPENAI_MODEL": "m"}


@pytest.fixture
def provider(openai_fake: FakeOpenAI) -> OpenAIResponses:
    openai_fake.configure(background_seconds=0.0)
    return OpenAIResponses(
        name="openai", api_key="sk-test", base_url=openai_fake.base_url, model="gpt-5.4-mini", timeout=5.0
    )


def _start(provider: OpenAIResponses) -> str:
    return provider.start(ASKED, max_output_tokens=77, metadata={"run_id": "42"})


def test_a_response_is_begun_in_the_background(provider: OpenAIResponses, openai_fake: FakeOpenAI) -> None:
    response_id = _start(provider)

    assert response_id.startswith("resp_")
    (request,) = openai_fake.requests
    assert request.authorization == "Bearer sk-test"
    assert request.body == {
        "model": "gpt-5.4-mini",
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hola"},
            {"role": "assistant", "content": "¡Hola!"},
            {"role": "user", "content": "¿hay wifi? \ufffd"},
        ],
        "max_output_tokens": 77,
        "background": True,
        "store": True,
        "metadata": {"run_id": "42"},
    }


def test_the_effort_is_said_as_the_responses_api_wants_it(openai_fake: FakeOpenAI) -> None:
    (provider,) = configured_providers({"OPENAI_API_KEY": "sk-test"}, timeout=5, background=True)
    assert isinstance(provider, OpenAIResponses)
    thinker = replace(provider.tuned(model="m", tier=Tier.COMPLEX), base_url=openai_fake.base_url)

    _start(thinker)

    (request,) = openai_fake.requests
    assert request.body["reasoning"] == {"effort": "medium"}
    assert request.body["max_output_tokens"] == 77 + THINKING_TOKENS
    assert "reasoning_effort" not in request.body


def test_the_reply_is_fetched_by_its_id(provider: OpenAIResponses) -> None:
    response_id = _start(provider)

    reply = provider.retrieve(response_id)

    assert isinstance(reply, Reply)
    assert (reply.text, reply.provider, reply.model) == ("re: ¿hay wifi? \ufffd", "openai", "gpt-5.4-mini")
    assert (reply.finish, reply.response_id) == ("stop", response_id)
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0


def test_a_response_that_is_being_made_is_still_running(
    provider: OpenAIResponses, openai_fake: FakeOpenAI
) -> None:
    openai_fake.configure(background_seconds=60)

    assert provider.retrieve(_start(provider)) == StillRunning()


def test_a_cancelled_response_gives_no_reply(provider: OpenAIResponses, openai_fake: FakeOpenAI) -> None:
    openai_fake.configure(background_seconds=60)
    response_id = _start(provider)

    provider.cancel(response_id)

    with pytest.raises(ResponseFailedError, match="cancelled"):
        provider.retrieve(response_id)


def test_a_failed_response_is_over(provider: OpenAIResponses, openai_fake: FakeOpenAI) -> None:
    openai_fake.configure(background_status="failed")

    with pytest.raises(ResponseFailedError) as caught:
        provider.retrieve(_start(provider))

    assert str(caught.value) == "openai: server_error"


def test_an_unknown_response_is_gone_and_needs_no_cancelling(provider: OpenAIResponses) -> None:
    with pytest.raises(ResponseGoneError):
        provider.retrieve("resp_unknown")
    provider.cancel("resp_unknown")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Behaviour(status=401, code="invalid_api_key"), ProviderCredentialsError),
        (Behaviour(status=429, code="rate_limit_exceeded", retry_after=3), ProviderThrottledError),
        (Behaviour(status=500), ProviderUnavailableError),
        (Behaviour(status=400), ProviderRefusedError),
        (Behaviour(drop="after"), ProviderUnavailableError),
        (Behaviour(distort="garbage"), ProviderUnavailableError),
        (Behaviour(distort="html"), ProviderUnavailableError),
        (Behaviour(distort="truncated"), ProviderUnavailableError),
    ],
)
@pytest.mark.parametrize("operation", ["create_response", "retrieve_response"])
def test_a_call_that_fails_says_nothing_about_the_response(
    provider: OpenAIResponses,
    openai_fake: FakeOpenAI,
    behaviour: Behaviour,
    expected: type[LLMError],
    operation: str,
) -> None:
    response_id = _start(provider)
    openai_fake.behave(Behaviour(**(vars_of(behaviour) | {"on": operation, "times": None})))
    calls_before = len(openai_fake.requests)

    with pytest.raises(LLMError) as caught:
        _start(provider) if operation == "create_response" else provider.retrieve(response_id)

    assert type(caught.value) is expected
    assert len(openai_fake.requests) == calls_before + 1  # nothing is repeated by itself


def vars_of(behaviour: Behaviour) -> dict[str, Any]:
    return {name: getattr(behaviour, name) for name in behaviour.__dataclass_fields__}


def _body(**changes: Any) -> bytes:
    part = {"type": "output_text", "text": "hola"}
    response: dict[str, Any] = {
        "id": "resp_1",
        "status": "completed",
        "model": "m",
        "output": [{"type": "reasoning", "summary": []}, {"type": "message", "content": [part]}],
        "usage": {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 3}, "output_tokens": 2},
    }
    return json.dumps(response | changes).encode()


def test_the_texts_of_all_parts_are_the_reply() -> None:
    parts = [{"type": "output_text", "text": "uno "}, {"type": "output_text", "text": "dos\x00"}]

    reply = read_response("openai", _body(output=[{"content": parts}]))

    assert isinstance(reply, Reply)
    assert reply.text == "uno dos"
    assert reply.usage == Usage(input_tokens=7, cached_tokens=3, output_tokens=2)


@pytest.mark.parametrize("usage", [None, "many", {"input_tokens": -1}, {"input_tokens": "x"}])
def test_a_broken_usage_does_not_spoil_the_reply(usage: object) -> None:
    reply = read_response("openai", _body(usage=usage))

    assert isinstance(reply, Reply)
    assert reply.usage == Usage(is_known=False)


def test_a_reply_that_was_cut_short_is_a_reply() -> None:
    body = _body(status="incomplete", incomplete_details={"reason": "max_output_tokens"})

    reply = read_response("openai", body)

    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish) == ("hola", "length")


@pytest.mark.parametrize(
    ("changes", "expected", "code"),
    [
        (
            {"status": "failed", "error": {"code": "rate_limit_exceeded"}},
            ResponseFailedError,
            "rate_limit_exceeded",
        ),
        ({"status": "failed", "error": None, "output": []}, ResponseFailedError, "failed"),
        ({"status": "failed", "error": {"code": "invalid_prompt"}}, ProviderRefusedError, "declined"),
        ({"output": [{"content": [{"type": "refusal", "refusal": "no"}]}]}, ProviderRefusedError, "declined"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            ProviderRefusedError,
            "declined",
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []},
            ResponseFailedError,
            "max_output_tokens",
        ),
        ({"output": []}, ResponseFailedError, "completed"),
        ({"status": "new_state"}, ResponseFailedError, "new_state"),
        ({"status": 7}, ProviderUnavailableError, "unusable"),
        ({"id": "../files"}, ProviderUnavailableError, "unusable"),
        ({"output": "text"}, ProviderUnavailableError, "unusable"),
    ],
)
def test_what_gives_no_reply_is_told_apart(
    changes: dict[str, Any], expected: type[LLMError], code: str
) -> None:
    with pytest.raises(LLMError, match=code) as caught:
        read_response("openai", _body(**changes))

    assert type(caught.value) is expected


@pytest.mark.parametrize("background", [True, False])
def test_openai_works_in_the_background_where_that_is_wanted(background: bool) -> None:
    (provider,) = configured_providers(SETTINGS, timeout=5, background=background)

    assert isinstance(provider, BackgroundProvider) is background
