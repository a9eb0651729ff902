"""Token counts as providers report them, whatever they call the fields."""

from typing import Annotated

from pydantic import BaseModel, Field

from conversations.llm.base import Usage

Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]


class CachedTokens(BaseModel):
    cached_tokens: Tokens | None = None


def reported_usage(
    *, input_tokens: int | None, output_tokens: int | None, details: CachedTokens | None
) -> Usage:
    """Return what was reported; a count that is missing is none, and the usage then not known."""
    return Usage(
        input_tokens=input_tokens or 0,
        cached_tokens=(details and details.cached_tokens) or 0,
        output_tokens=output_tokens or 0,
        is_known=None not in (input_tokens, output_tokens),
    )
