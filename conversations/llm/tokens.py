"""How many tokens a text is, about."""

import json
from collections.abc import Iterable

from conversations.llm.base import ChatMessage, ToolSpec

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for Spanish and English; nothing that is billed is computed with it."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens `text` is."""
    return len(text) // CHARACTERS_PER_TOKEN + 1


def prompt_tokens(messages: Iterable[ChatMessage]) -> int:
    """Return about how many tokens a model reads with these messages."""
    return sum(estimated_tokens(message.content) for message in messages)


def spec_tokens(spec: ToolSpec) -> int:
    """Return about how many tokens a model reads with the offer of this function."""
    offer = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return estimated_tokens(json.dumps(offer))
