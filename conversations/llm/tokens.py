"""How many tokens a text is, about."""

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for Spanish and English; nothing that is billed is computed with it."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens `text` is."""
    return len(text) // CHARACTERS_PER_TOKEN + 1
