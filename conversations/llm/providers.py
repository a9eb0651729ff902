"""The language-model providers: one row of `PROVIDERS` each, switched on by its API key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, overload

from conversations.llm.base import ChatMessage, Reply, StillRunning, ToolRequest, ToolSpec
from conversations.llm.complexity import Tier

DEFAULT_OUTPUT_TOKENS = 1000
"""About 3,000 characters of Spanish: more than a customer reads, less than one message holds (4,096)."""

THINKING_TOKENS = 3000
"""What a model may think before it answers, where it is asked to: providers count it as output."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow:
    """How one provider is spoken to.

    `prefix` begins the names of its settings: `<prefix>_API_KEY`, `_BASE_URL`, `_MODEL`; the latter two
    default to `base_url` and `model`. `limit_parameter` is its name for the greatest number of output tokens.
    """

    name: str
    prefix: str
    base_url: str
    model: str
    limit_parameter: str = "max_tokens"
    fields: Mapping[Tier, Fields]
    """What a request says about thinking, by tier. No row sets temperature, top_p or top_k: Gemini and the
    models that think want them omitted."""

    tool_fields: Fields | None = None
    """What it says instead in a request that offers functions, by Chat Completions; None: the same."""

    any_model_takes_fields: bool = False
    """Else only the models that we know do: one that the operator chose, or another server, gets none."""

    has_responses: bool = False
    """Speaks OpenAI's Responses API beside Chat Completions."""


# An effort is always said: what a provider does when nothing is said has changed before.
_EFFORT: Mapping[Tier, Fields] = {
    Tier.SIMPLE: {"reasoning_effort": "low"},
    Tier.MEDIUM: {"reasoning_effort": "low"},
    Tier.COMPLEX: {"reasoning_effort": "medium"},
}

PROVIDERS = (
    ProviderRow(
        name="openai",
        prefix="OPENAI",
        base_url="https://api.openai.com/v1",
        model="gpt-5.4-mini",
        limit_parameter="max_completion_tokens",
        fields=_EFFORT,
        # Its models refuse functions together with thought here; the Responses API takes both.
        tool_fields={"reasoning_effort": "none"},
        has_responses=True,
    ),
    ProviderRow(
        name="deepseek",
        prefix="DEEPSEEK",
        base_url="https://api.deepseek.com",
        model="deepseek-flash",
        # It thinks unless it is told not to.
        fields={
            Tier.SIMPLE: {"thinking": {"type": "disabled"}},
            Tier.MEDIUM: {"thinking": {"type": "disabled"}},
            Tier.COMPLEX: {"thinking": {"type": "enabled"}},
        },
        any_model_takes_fields=True,
    ),
    ProviderRow(
        name="gemini",
        prefix="GEMINI",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        model="gemini-3.5-flash-lite",
        fields=_EFFORT,
    ),
    ProviderRow(
        name="openrouter",
        prefix="OPENROUTER",
        base_url="https://openrouter.ai/api/v1",
        model="openai/gpt-5.4-mini",
        fields={
            tier: {"reasoning": {"effort": fields["reasoning_effort"]}} for tier, fields in _EFFORT.items()
        },
        any_model_takes_fields=True,
    ),
)


@dataclass(frozen=True, slots=True)
class OpenAICompatible:
    """A provider that speaks OpenAI's Chat Completions. `timeout` bounds one whole call, in seconds.

    `fields` go into the request by tier, `tool_fields` instead when it offers functions. With `is_fixed` the
    operator chose the model or the server, and no other model is asked of it.
    """

    name: str
    api_key: str = field(repr=False)
    base_url: str
    model: str
    timeout: float
    limit_parameter: str = "max_tokens"
    fields: Mapping[Tier, Fields] = field(default_factory=dict, hash=False)
    tool_fields: Fields | None = field(default=None, hash=False)
    is_fixed: bool = False
    tier: Tier = Tier.MEDIUM

    def tuned(self, *, model: str, tier: Tier) -> Self:
        """Return the same provider for a message of `tier`, with `model` unless its own is fixed."""
        return replace(self, model=self.model if self.is_fixed else model, tier=tier)

    @property
    def extra_fields(self) -> Fields:
        """What a request says beside model, messages and limit."""
        return self.fields.get(self.tier, {})

    def chat_fields(self, *, with_tools: bool) -> Fields:
        """What a Chat Completions request says beside that, and beside the functions that it offers."""
        if with_tools and self.tool_fields is not None:
            return self.tool_fields
        return self.extra_fields

    def output_limit(self, tokens: int) -> int:
        """Return the limit for an answer of up to `tokens`, with room for thought where it is asked for."""
        return tokens + THINKING_TOKENS if self.fields and self.tier is Tier.COMPLEX else tokens

    @overload
    def complete(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = DEFAULT_OUTPUT_TOKENS
    ) -> Reply: ...

    @overload
    def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
        tools: Sequence[ToolSpec],
    ) -> Reply | ToolRequest: ...

    def complete(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
        tools: Sequence[ToolSpec] = (),
    ) -> Reply | ToolRequest:
        """Return the model's reply to `messages`, after one call and no repetition. Raises an LLMError.

        With `tools` it may be calls of them instead.
        """
        # The SDK takes half a second and 25 MB to import, and web processes never call a model.
        from conversations.llm.chat_completions import request_answer

        return request_answer(self, messages, max_output_tokens=max_output_tokens, tools=tools)


@dataclass(frozen=True, slots=True)
class OpenAIResponses(OpenAICompatible):
    """OpenAI itself, which also works in the background (a BackgroundProvider)."""

    def start(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
        metadata: Mapping[str, str],
        tools: Sequence[ToolSpec] = (),
    ) -> str:
        from conversations.llm.responses import start_response

        return start_response(
            self, messages, max_output_tokens=max_output_tokens, metadata=metadata, tools=tools
        )

    def retrieve(self, response_id: str) -> Reply | ToolRequest | StillRunning:
        from conversations.llm.responses import retrieve_response

        return retrieve_response(self, response_id)

    def cancel(self, response_id: str) -> None:
        from conversations.llm.responses import cancel_response

        cancel_response(self, response_id)


def setting_names() -> list[str]:
    """Return the names of all settings that configure a provider."""
    return [f"{row.prefix}_{suffix}" for row in PROVIDERS for suffix in ("API_KEY", "BASE_URL", "MODEL")]


def configured_providers(
    settings: Mapping[str, str], *, timeout: float, background: bool = False
) -> list[OpenAICompatible]:
    """Return the providers whose API key is set, in the order of `PROVIDERS`.

    `settings` holds the `<PREFIX>_API_KEY`, `_BASE_URL` and `_MODEL` values, the latter two empty for the
    row's own; `timeout` is in seconds. With `background` those that can work in the background are
    BackgroundProviders.
    """
    return [
        _configured(row, settings, timeout=timeout, background=background)
        for row in PROVIDERS
        if settings.get(f"{row.prefix}_API_KEY")
    ]


def _configured(
    row: ProviderRow, settings: Mapping[str, str], *, timeout: float, background: bool
) -> OpenAICompatible:
    base_url, model = settings.get(f"{row.prefix}_BASE_URL", ""), settings.get(f"{row.prefix}_MODEL", "")
    is_fixed = bool(base_url or model)
    kind = OpenAIResponses if background and row.has_responses else OpenAICompatible
    takes_fields = not is_fixed or row.any_model_takes_fields
    return kind(
        name=row.name,
        api_key=settings[f"{row.prefix}_API_KEY"],
        base_url=base_url or row.base_url,
        model=model or row.model,
        timeout=timeout,
        limit_parameter=row.limit_parameter,
        fields=row.fields if takes_fields else {},
        tool_fields=row.tool_fields if takes_fields else None,
        is_fixed=is_fixed,
    )
