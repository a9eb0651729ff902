"""Functions over real sockets: offered, asked for, answered, in both of OpenAI's dialects."""

import json
from dataclasses import replace

import pytest

from conversations.llm.base import (
    ChatMessage,
    ProviderUnavailableError,
    Reply,
    ToolCall,
    ToolRequest,
    ToolSpec,
)
from conversations.llm.complexity import Tier
from conversations.llm.providers import OpenAICompatible, OpenAIResponses, configured_providers
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI, tool_calls

SCHEMA = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}
STOCK = ToolSpec("product_stock", "How many there are.", SCHEMA)
ASKED = [ChatMessage("user", "¿hay pan?")]


@pytest.fixture
def provider(openai_fake: FakeOpenAI) -> OpenAICompatible:
    return OpenAICompatible("openai", "sk-test", openai_fake.base_url, "gpt-5.4-mini", 5.0)


@pytest.fixture
def background(openai_fake: FakeOpenAI) -> OpenAIResponses:
    openai_fake.configure(background_seconds=0.0)
    return OpenAIResponses("openai", "sk-test", openai_fake.base_url, "gpt-5.4-mini", 5.0)


def asked_for(provider: OpenAICompatible) -> ToolRequest:
    request = provider.complete(ASKED, tools=[STOCK])
    assert isinstance(request, ToolRequest)
    return request


def continued(request: ToolRequest, result: str = "12") -> list[ChatMessage]:
    results = [ChatMessage("tool", result, call_id=call.id) for call in request.calls]
    return [*ASKED, ChatMessage("assistant", request.text, request=request), *results]


def test_functions_are_offered_with_their_schema(provider: OpenAICompatible, openai_fake: FakeOpenAI) -> None:
    reply = provider.complete(ASKED, tools=[STOCK])

    assert isinstance(reply, Reply)
    function = {"name": "product_stock", "description": "How many there are.", "parameters": SCHEMA}
    assert openai_fake.requests[0].body["tools"] == [{"type": "function", "function": function}]


def test_without_functions_none_are_mentioned(provider: OpenAICompatible, openai_fake: FakeOpenAI) -> None:
    provider.complete(ASKED)

    assert "tools" not in openai_fake.requests[0].body


@pytest.mark.parametrize("tier", Tier)
def test_openai_is_not_to_think_where_functions_are_offered(openai_fake: FakeOpenAI, tier: Tier) -> None:
    (openai,) = configured_providers({"OPENAI_API_KEY": "sk-test"}, timeout=5)
    assert isinstance(openai, OpenAICompatible)
    openai = replace(openai.tuned(model="gpt-5.4-mini", tier=tier), base_url=openai_fake.base_url)

    openai.complete(ASKED, tools=[STOCK])
    openai.complete(ASKED)

    offering, plain = (record.body for record in openai_fake.requests)
    assert offering["reasoning_effort"] == "none"
    assert plain["reasoning_effort"] != "none"


def test_a_model_of_the_operators_choice_is_told_nothing_of_thought(openai_fake: FakeOpenAI) -> None:
    settings = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": openai_fake.base_url}
    (chosen,) = configured_providers(settings, timeout=5)
    assert isinstance(chosen, OpenAICompatible)

    chosen.complete(ASKED, tools=[STOCK])

    assert "reasoning_effort" not in openai_fake.requests[0].body


def test_calls_and_their_results_go_back(provider: OpenAICompatible, openai_fake: FakeOpenAI) -> None:
    openai_fake.configure(replies=(tool_calls(("product_stock", {"sku": "PAN"})), "Sí, hay 12."))

    request = asked_for(provider)
    reply = provider.complete(continued(request), tools=[STOCK])

    (call,) = request.calls
    assert (call.name, call.arguments, call.problem) == ("product_stock", {"sku": "PAN"}, "")
    assert request.usage.input_tokens > 0
    assert isinstance(reply, Reply)
    assert reply.text == "Sí, hay 12."
    assert openai_fake.requests[1].body["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": "product_stock", "arguments": '{"sku": "PAN"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "12"},
    ]


def test_broken_and_huge_calls_go_back_as_valid_ones(
    provider: OpenAICompatible, openai_fake: FakeOpenAI
) -> None:
    broken = [("product_stock", '{"sku": '), ("product_stock", "[]"), ("bad name!", "{}")]
    huge = ("product_stock", json.dumps({"sku": "x" * 500_000}))
    openai_fake.configure(replies=(tool_calls(*broken, huge, *[("product_stock", "{}")] * 50),))

    request = asked_for(provider)
    provider.complete(continued(request), tools=[STOCK])

    sent = openai_fake.requests[1]
    assert sent.status == 200
    assert [call.problem != "" for call in request.calls] == [True, True, False, True] + [False] * 4
    assert len(json.dumps(sent.body)) < 5_000


def test_calls_of_more_than_a_megabyte_are_no_answer(
    provider: OpenAICompatible, openai_fake: FakeOpenAI
) -> None:
    openai_fake.configure(replies=(tool_calls(("product_stock", "x" * 1_100_000)),))

    with pytest.raises(ProviderUnavailableError):
        provider.complete(ASKED, tools=[STOCK])


@pytest.mark.parametrize("distort", ["html", "truncated", "empty", "garbage"])
def test_a_spoilt_answer_to_an_offer_is_unavailable(
    provider: OpenAICompatible, openai_fake: FakeOpenAI, distort: str
) -> None:
    openai_fake.behave(Behaviour(distort=distort))  # type: ignore[arg-type]

    with pytest.raises(ProviderUnavailableError):
        provider.complete(ASKED, tools=[STOCK])


def test_calls_that_were_not_offered_are_no_answer(
    provider: OpenAICompatible, openai_fake: FakeOpenAI
) -> None:
    openai_fake.configure(replies=(tool_calls(("product_stock", {})),))

    with pytest.raises(ProviderUnavailableError, match="empty answer"):
        provider.complete(ASKED)


def test_thoughts_go_back_to_the_model_that_had_them_and_to_no_other(
    provider: OpenAICompatible, openai_fake: FakeOpenAI
) -> None:
    message = tool_calls(("product_stock", {}), reasoning_content="first the stock")
    message["tool_calls"][0]["extra_content"] = {"google": {"thought_signature": "c2ln"}}
    openai_fake.configure(replies=(message,))

    request = asked_for(provider)
    provider.complete(continued(request))
    replace(provider, name="gemini").complete(continued(request))

    own, other = (record.body["messages"][1] for record in openai_fake.requests[1:])
    assert own["reasoning_content"] == "first the stock"
    assert own["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}
    assert "reasoning_content" not in other
    assert "extra_content" not in other["tool_calls"][0]


def test_a_background_response_asks_for_functions(
    background: OpenAIResponses, openai_fake: FakeOpenAI
) -> None:
    openai_fake.configure(replies=(tool_calls(("product_stock", {"sku": "PAN"})), "Sí, hay 12."))

    first = background.start(ASKED, metadata={}, tools=[STOCK])
    request = background.retrieve(first)
    assert isinstance(request, ToolRequest)
    second = background.start(continued(request), metadata={}, tools=[STOCK])
    reply = background.retrieve(second)

    (call,) = request.calls
    assert call == ToolCall(call.id, "product_stock", {"sku": "PAN"})
    assert (request.response_id, isinstance(reply, Reply)) == (first, True)
    begun = [record.body for record in openai_fake.requests if record.operation == "create_response"]
    assert begun[0]["tools"] == [
        {
            "type": "function",
            "name": "product_stock",
            "description": "How many there are.",
            "parameters": SCHEMA,
            "strict": False,
        }
    ]
    assert begun[1]["input"][1:] == [
        {
            "type": "function_call",
            "call_id": call.id,
            "name": "product_stock",
            "arguments": '{"sku": "PAN"}',
        },
        {"type": "function_call_output", "call_id": call.id, "output": "12"},
    ]
