"""Calls over real sockets to a fake of the API: what is sent, and what each failure is called."""

import subprocess
import sys
import time
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from django.conf import settings

from conversations.llm.base import (
    ChatMessage,
    LLMError,
    ProviderCredentialsError,
    ProviderRefusedError,
    ProviderThrottledError,
    ProviderUnavailableError,
    Reply,
)
from conversations.llm.complexity import Tier
from conversations.llm.providers import (
    PROVIDERS,
    THINKING_TOKENS,
    OpenAICompatible,
    configured_providers,
    setting_names,
)
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.raw import raw_server

ASKED = [ChatMessage("system", "Be brief."), ChatMessage("user", "¿hay wifi? 😀")]


def _provider(base_url: str, **values: Any) -> OpenAICompatible:
    defaults: dict[str, Any] = {
        "name": "openai",
        "api_key": "sk-test",
        "model": "gpt-5.4-mini",
        "timeout": 5.0,
    }
    return OpenAICompatible(base_url=base_url, **(defaults | values))


def _failure(provider: OpenAICompatible) -> LLMError:
    with pytest.raises(LLMError) as caught:
        provider.complete(ASKED)
    return caught.value


def test_the_messages_arrive_and_the_reply_comes_back(openai_fake: FakeOpenAI) -> None:
    provider = _provider(openai_fake.base_url, limit_parameter="max_completion_tokens")

    reply = provider.complete(ASKED, max_output_tokens=77)

    assert (reply.text, reply.provider, reply.model) == ("re: ¿hay wifi? 😀", "openai", "gpt-5.4-mini")
    assert reply.usage.input_tokens > 0
    assert reply.response_id.startswith("chatcmpl-")
    (request,) = openai_fake.requests
    assert request.authorization == "Bearer sk-test"
    assert request.body == {
        "model": "gpt-5.4-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "¿hay wifi? 😀"},
        ],
        "max_completion_tokens": 77,
    }


def test_a_lone_surrogate_does_not_break_the_call(openai_fake: FakeOpenAI) -> None:
    reply = _provider(openai_fake.base_url).complete([ChatMessage("user", "hola \ud800")])

    assert reply.text == "re: hola \ufffd"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "invalid_value", ProviderRefusedError),
        (404, "model_not_found", ProviderRefusedError),
        (422, "", ProviderRefusedError),
        (413, "", ProviderRefusedError),
        (401, "invalid_api_key", ProviderCredentialsError),
        (402, "", ProviderCredentialsError),
        (403, "", ProviderCredentialsError),
        (429, "insufficient_quota", ProviderCredentialsError),
        (429, "rate_limit_exceeded", ProviderThrottledError),
        (408, "", ProviderUnavailableError),
        (409, "", ProviderUnavailableError),
        (500, "server_error", ProviderUnavailableError),
        (503, "", ProviderUnavailableError),
        (529, "", ProviderUnavailableError),
    ],
)
def test_a_status_has_one_meaning_and_is_not_repeated(
    openai_fake: FakeOpenAI, status: int, code: str, expected: type[LLMError]
) -> None:
    openai_fake.behave(Behaviour(status=status, code=code, times=None))

    failure = _failure(_provider(openai_fake.base_url))

    assert type(failure) is expected
    assert str(failure) == f"openai: HTTP {status} {code or 'invalid_request_error'}"
    assert len(openai_fake.requests) == 1


@pytest.mark.parametrize(("retry_after", "expected"), [(None, None), (0, 0.0), (7, 7.0), (1.5, 1.5)])
def test_a_throttled_call_says_when_to_return(
    openai_fake: FakeOpenAI, retry_after: float | None, expected: float | None
) -> None:
    openai_fake.behave(Behaviour(status=429, code="rate_limit_exceeded", retry_after=retry_after))

    failure = _failure(_provider(openai_fake.base_url))

    assert isinstance(failure, ProviderThrottledError)
    assert failure.retry_after == expected


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(distort="garbage"),
        Behaviour(distort="html"),
        Behaviour(distort="empty"),
        Behaviour(distort="huge"),
        Behaviour(distort="truncated"),
        Behaviour(drop="before"),
        Behaviour(drop="after"),
        Behaviour(status=500, distort="html"),
        Behaviour(status=502, distort="huge"),
    ],
    ids=str,
)
def test_an_unusable_answer_is_unavailable(openai_fake: FakeOpenAI, behaviour: Behaviour) -> None:
    openai_fake.behave(behaviour)
    provider = _provider(openai_fake.base_url)

    assert type(_failure(provider)) is ProviderUnavailableError
    assert provider.complete(ASKED).text.startswith("re: ")


@pytest.mark.parametrize("behaviour", [Behaviour(delay=3), Behaviour(distort="drip")], ids=str)
def test_the_timeout_bounds_the_whole_call(openai_fake: FakeOpenAI, behaviour: Behaviour) -> None:
    openai_fake.behave(behaviour)
    started = time.monotonic()

    failure = _failure(_provider(openai_fake.base_url, timeout=0.5))

    assert type(failure) is ProviderUnavailableError
    assert failure.code == "timeout"
    assert time.monotonic() - started < 1.5


def test_a_redirect_is_not_followed() -> None:
    with raw_server(
        b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    ) as url:
        assert type(_failure(_provider(url))) is ProviderRefusedError


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"base_url": "http://127.0.0.1:1"}, ProviderUnavailableError),
        ({"base_url": "http://127.0.0.1:port"}, ProviderCredentialsError),
        ({"base_url": "nonsense"}, LLMError),
        ({"api_key": "sk-ñ😀"}, ProviderCredentialsError),
        ({"api_key": "sk-\n"}, LLMError),
    ],
)
def test_an_impossible_configuration_is_an_error_of_ours(
    openai_fake: FakeOpenAI, values: dict[str, str], expected: type[LLMError]
) -> None:
    failure = _failure(_provider(**({"base_url": openai_fake.base_url} | values)))

    assert isinstance(failure, expected)
    assert "sk-" not in str(failure)


def test_no_failure_quotes_what_the_provider_said(openai_fake: FakeOpenAI) -> None:
    openai_fake.behave(Behaviour(status=400, code="bad\n" + "x" * 200))

    assert str(_failure(_provider(openai_fake.base_url))) == f"openai: HTTP 400 bad{'x' * 57}"


def test_web_processes_do_not_load_the_sdk() -> None:
    imports = "import sys, conversations.llm.providers, conversations.llm.prompts"

    subprocess.run([sys.executable, "-c", f"{imports}; sys.exit('openai' in sys.modules)"], check=True)


def test_a_key_is_not_shown() -> None:
    assert "sk-test" not in repr(_provider("http://127.0.0.1:1"))


def test_threads_share_one_client(openai_fake: FakeOpenAI) -> None:
    openai_fake.configure(latency=(0.05, 0.1))
    provider = _provider(openai_fake.base_url)
    replies: list[Reply] = []

    def ask(number: int) -> None:
        replies.append(provider.complete([ChatMessage("user", str(number))]))

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(reply.text for reply in replies) == [f"re: {number}" for number in range(8)]


def test_a_provider_is_on_when_its_key_is_set() -> None:
    values = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://127.0.0.1:1", "OPENAI_MODEL": "m"}

    (provider,) = configured_providers(values, timeout=3)

    assert provider.name == "openai"
    assert configured_providers(values | {"OPENAI_API_KEY": ""}, timeout=3) == []
    assert configured_providers({}, timeout=3) == []


def _configured(**values: str) -> dict[str, OpenAICompatible]:
    found = configured_providers(values, timeout=5)
    return {provider.name: provider for provider in found if isinstance(provider, OpenAICompatible)}


ALL_KEYS = {f"{row.prefix}_API_KEY": f"key-of-{row.name}" for row in PROVIDERS}


def test_every_provider_is_known_by_its_settings_and_has_an_address_and_a_model() -> None:
    providers = _configured(**ALL_KEYS)

    assert list(providers) == ["openai", "deepseek", "gemini", "openrouter"]
    assert {name: (provider.base_url, provider.model) for name, provider in providers.items()} == {
        "openai": ("https://api.openai.com/v1", "gpt-5.4-mini"),
        "deepseek": ("https://api.deepseek.com", "deepseek-flash"),
        "gemini": (
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "gemini-3.5-flash-lite",
        ),
        "openrouter": ("https://openrouter.ai/api/v1", "openai/gpt-5.4-mini"),
    }
    assert {name: provider.api_key for name, provider in providers.items()} == {
        row.name: f"key-of-{row.name}" for row in PROVIDERS
    }


def test_every_setting_of_a_provider_is_read_from_the_environment() -> None:
    assert [name for name in setting_names() if not hasattr(settings, name)] == []


@pytest.mark.parametrize(
    ("name", "tier", "fields"),
    [
        ("openai", Tier.SIMPLE, {"max_completion_tokens": 77, "reasoning_effort": "low"}),
        ("openai", Tier.MEDIUM, {"max_completion_tokens": 77, "reasoning_effort": "low"}),
        (
            "openai",
            Tier.COMPLEX,
            {"max_completion_tokens": 77 + THINKING_TOKENS, "reasoning_effort": "medium"},
        ),
        ("deepseek", Tier.SIMPLE, {"max_tokens": 77, "thinking": {"type": "disabled"}}),
        ("deepseek", Tier.MEDIUM, {"max_tokens": 77, "thinking": {"type": "disabled"}}),
        (
            "deepseek",
            Tier.COMPLEX,
            {"max_tokens": 77 + THINKING_TOKENS, "thinking": {"type": "enabled"}},
        ),
        ("gemini", Tier.SIMPLE, {"max_tokens": 77, "reasoning_effort": "low"}),
        ("gemini", Tier.COMPLEX, {"max_tokens": 77 + THINKING_TOKENS, "reasoning_effort": "medium"}),
        ("openrouter", Tier.MEDIUM, {"max_tokens": 77, "reasoning": {"effort": "low"}}),
        (
            "openrouter",
            Tier.COMPLEX,
            {"max_tokens": 77 + THINKING_TOKENS, "reasoning": {"effort": "medium"}},
        ),
    ],
)
def test_each_provider_is_asked_in_its_way_and_nothing_else_is_sent(
    openai_fake: FakeOpenAI, name: str, tier: Tier, fields: dict[str, Any]
) -> None:
    tuned = _configured(**ALL_KEYS)[name].tuned(model="some-model", tier=tier)

    replace(tuned, base_url=openai_fake.base_url).complete(ASKED, max_output_tokens=77)

    (request,) = openai_fake.requests
    assert request.authorization == f"Bearer key-of-{name}"
    body = dict(request.body)
    messages = body.pop("messages")
    assert [message["role"] for message in messages] == ["system", "user"]
    assert body == {"model": "some-model", **fields}


@pytest.mark.parametrize("chosen", [{"OPENAI_BASE_URL": "http://127.0.0.1:1"}, {"OPENAI_MODEL": "llama"}])
def test_a_server_or_model_of_the_operators_choice_keeps_it_and_gets_no_field_it_may_not_know(
    chosen: dict[str, str],
) -> None:
    provider = _configured(OPENAI_API_KEY="sk-1", **chosen)["openai"]

    tuned = provider.tuned(model="gpt-6-luna", tier=Tier.COMPLEX)

    assert tuned.model == chosen.get("OPENAI_MODEL", "gpt-5.4-mini")
    assert tuned.extra_fields == {}
    assert tuned.output_limit(77) == 77


def test_deepseek_is_told_whether_to_think_whatever_its_model_is() -> None:
    provider = _configured(DEEPSEEK_API_KEY="sk-1", DEEPSEEK_MODEL="deepseek-pro")["deepseek"]

    assert provider.extra_fields == {"thinking": {"type": "disabled"}}
    assert provider.tuned(model="deepseek-flash", tier=Tier.SIMPLE).model == "deepseek-pro"


def test_no_key_is_shown_when_a_provider_is_printed() -> None:
    assert "key-of-gemini" not in repr(_configured(**ALL_KEYS)["gemini"])
