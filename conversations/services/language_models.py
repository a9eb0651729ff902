"""The models that the settings switch on."""

from django.conf import settings

from conversations.llm.providers import (
    OpenAICompatible,
    OpenAIResponses,
    configured_providers,
    setting_names,
)


def language_models() -> list[OpenAICompatible]:
    """Return the configured providers, the preferred one first; empty: there is none."""
    return _configured(background=settings.OPENAI_RESPONSES)


def prompt_budget(*, beside_tokens: int) -> int:
    """Return the tokens that are left for a prompt beside the functions: of what is set half at the least."""
    whole: int = settings.PROMPT_TOKEN_BUDGET
    return max(whole - beside_tokens, whole // 2)


def background_model(name: str) -> OpenAIResponses | None:
    """Return the provider that has the background responses of `name` (empty: of whichever has any).

    It is found also when no new ones are begun in the background any more.
    """
    able = [model for model in _configured(background=True) if isinstance(model, OpenAIResponses)]
    return next((model for model in able if name in ("", model.name)), None)


def _configured(*, background: bool) -> list[OpenAICompatible]:
    return configured_providers(
        {name: getattr(settings, name) for name in setting_names()},
        timeout=settings.LLM_TIMEOUT_SECONDS,
        background=background,
    )
