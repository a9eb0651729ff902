"""The models that the settings switch on."""

from django.conf import settings

from conversations.llm.base import LLMProvider
from conversations.llm.providers import configured_providers, setting_names


def language_models() -> list[LLMProvider]:
    """Return the configured providers, the preferred one first; empty: there is none."""
    return configured_providers(
        {name: getattr(settings, name) for name in setting_names()},
        timeout=settings.LLM_TIMEOUT_SECONDS,
        background=settings.OPENAI_RESPONSES,
    )
