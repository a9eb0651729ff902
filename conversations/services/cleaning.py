"""Making a customer's content storable: only what Postgres refuses is lost, never the whole message."""

import math
from typing import Any

from conversations.llm.text import storable_text

MAX_TEXT = 20_000
"""Characters kept as a message's text; the provider's item is stored whole beside it."""


def clean_text(text: str, *, limit: int = MAX_TEXT) -> tuple[str, str]:
    """Return the storable form of `text` and a note that says what was changed (empty: nothing)."""
    storable = storable_text(text)
    notes = ["unstorable characters replaced"] if storable != text else []
    if len(storable) > limit:
        notes.append(f"cut from {len(storable)} to {limit} characters")
        storable = storable[:limit]
    return storable, "; ".join(notes)


def clean_json(value: Any) -> Any:
    """Return a JSON value that jsonb accepts: without NUL, lone surrogates, NaN or infinities."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
