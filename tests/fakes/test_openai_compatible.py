import time
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI, tool_calls


@pytest.fixture
def sdk(openai_fake: FakeOpenAI) -> Iterator[openai.OpenAI]:
    http = httpx2.Client(trust_env=False)
    with openai.OpenAI(
        api_key="k", base_url=openai_fake.base_url, http_client=http, max_retries=0, timeout=3
    ) as client:
        yield client


def ask(sdk: openai.OpenAI, text: str = "hola") -> openai.types.chat.ChatCompletion:
    return sdk.chat.completions.create(
        model="gpt-5.4-mini",
        messages=[{"role": "system", "content": "be kind"}, {"role": "user", "content": text}],
    )


def test_echoes_the_last_user_message_with_model_and_usage(sdk: openai.OpenAI) -> None:
    completion = ask(sdk, "¿hay arroz?")
    assert completion.choices[0].message.content == "re: ¿hay arroz?"
    assert completion.model == "gpt-5.4-mini"
    assert completion.usage
    assert (
        completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    )


def test_scripted_replies_come_in_turn_and_then_the_echo(sdk: openai.OpenAI, openai_fake: FakeOpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "stock", "arguments": "{}"}}
    openai_fake.configure(replies=("uno", {"content": None, "tool_calls": [call]}))
    first, second, third = (ask(sdk).choices[0] for _ in range(3))
    assert first.message.content == "uno"
    assert second.finish_reason == "tool_calls"
    assert second.message.tool_calls
    assert third.message.content == "re: hola"


def test_calls_and_results_have_to_belong_together(sdk: openai.OpenAI) -> None:
    call = tool_calls(("stock", {}))["tool_calls"][0]
    asking: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
    result: dict[str, Any] = {"role": "tool", "tool_call_id": call["id"], "content": "12"}
    stranger = result | {"tool_call_id": "call_x"}
    question: dict[str, Any] = {"role": "user", "content": "hola"}

    def send(*messages: dict[str, Any]) -> None:
        sdk.chat.completions.create(model="m", messages=[question, *messages])  # type: ignore[list-item]

    send(asking, result)
    for wrong in ([asking], [asking, question], [asking, stranger], [result]):
        with pytest.raises(openai.BadRequestError):
            send(*wrong)


def test_latency_shows_in_the_record(sdk: openai.OpenAI, openai_fake: FakeOpenAI) -> None:
    openai_fake.configure(latency=(0.1, 0.15))
    ask(sdk)
    (record,) = openai_fake.requests
    assert 0.1 <= record.ended - record.started < 1
    assert record.authorization == "Bearer k"
    assert record.body["messages"][-1]["content"] == "hola"


def test_errors_and_broken_replies(sdk: openai.OpenAI, openai_fake: FakeOpenAI) -> None:
    openai_fake.behave(Behaviour(status=429, code="rate_limit_exceeded", retry_after=3))
    with pytest.raises(openai.RateLimitError) as limited:
        ask(sdk)
    assert (limited.value.code, limited.value.response.headers["retry-after"]) == ("rate_limit_exceeded", "3")
    openai_fake.behave(Behaviour(status=500))
    with pytest.raises(openai.InternalServerError):
        ask(sdk)
    openai_fake.behave(Behaviour(drop="after"))
    with pytest.raises(openai.APIConnectionError):
        ask(sdk)
    openai_fake.behave(Behaviour(distort="empty"))
    assert ask(sdk).choices == []


def test_a_wrong_key_is_refused(sdk: openai.OpenAI, openai_fake: FakeOpenAI) -> None:
    openai_fake.configure(api_key="other")
    with pytest.raises(openai.AuthenticationError):
        ask(sdk)


def test_models_are_listed(sdk: openai.OpenAI) -> None:
    assert "gpt-5.4-mini" in [model.id for model in sdk.models.list()]


def test_background_response_is_done_after_its_time(sdk: openai.OpenAI, openai_fake: FakeOpenAI) -> None:
    response = sdk.responses.create(
        model="m", input="hola", background=True, store=True, metadata={"run": "7"}
    )
    assert response.status == "queued"
    while response.status in ("queued", "in_progress"):
        time.sleep(0.02)
        response = sdk.responses.retrieve(response.id)
    assert (response.status, response.output_text, response.metadata) == (
        "completed",
        "re: hola",
        {"run": "7"},
    )
    assert response.usage
    assert response.usage.total_tokens > 0


def test_response_that_is_unknown_cancelled_or_failed(sdk: openai.OpenAI, openai_fake: FakeOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve("resp_none")
    waiting = sdk.responses.create(model="m", input=[{"role": "user", "content": "hola"}], background=True)
    assert sdk.responses.cancel(waiting.id).status == "cancelled"
    openai_fake.configure(background_status="failed")
    assert sdk.responses.create(model="m", input="hola").status == "failed"
