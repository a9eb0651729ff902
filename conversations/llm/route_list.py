"""Which models suit which tier, as the table of routes begins; staff change that one.

Simple messages go to the cheapest models; complex ones to those that reason well.
"""

from conversations.llm.complexity import Tier
from conversations.llm.router import Choice

_MODELS: dict[Tier, tuple[tuple[str, str], ...]] = {
    Tier.SIMPLE: (
        ("openai", "gpt-6-luna"),
        ("deepseek", "deepseek-flash"),
        ("gemini", "gemini-3.5-flash-lite"),
        ("openrouter", ""),
    ),
    Tier.MEDIUM: (
        ("deepseek", "deepseek-flash"),
        ("gemini", "gemini-3.5-flash-lite"),
        ("openai", "gpt-5.4-mini"),
        ("openrouter", ""),
    ),
    Tier.COMPLEX: (
        ("openai", "gpt-6.1-terra"),
        ("gemini", "gemini-3.8-flash"),
        ("openrouter", ""),
    ),
}

ROUTE_LIST = tuple(
    Choice(tier, position, provider, model)
    for tier, models in _MODELS.items()
    for position, (provider, model) in enumerate(models, start=1)
)
