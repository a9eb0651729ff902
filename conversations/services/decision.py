"""Why a run went where it did, as it is kept in its books."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from conversations.llm.base import LLMError
from conversations.llm.complexity import Assessment, Tier
from conversations.llm.router import Route

ROUTE_LENGTH = 500
"""Characters that a run keeps."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message asked for, and the `route` of its answer in our words: nothing that a customer wrote."""

    tier: str = ""
    intent: str = ""
    route: str = ""

    @classmethod
    def of(cls, assessment: Assessment, *, tier: Tier) -> Self:
        """Begin with what was asked; `tier` is the one that counts, lower where it was capped."""
        capped = "" if tier is assessment.tier else f", capped to {tier}"
        return cls(tier, assessment.intent, f"{assessment.tier} ({assessment.reason}){capped}")

    def taken(self, route: Route | None, failures: Iterable[LLMError]) -> Self:
        """Return the decision with the route that answered (None: none did) and what failed before it."""
        parts = [self.route]
        if route is not None:
            parts.append(f"{route.provider} {route.model}: {route.reason}")
        parts += [f"failed: {error}" for error in failures]
        return self.noted("; ".join(parts))

    def noted(self, route: str) -> Self:
        """Return the decision with `route` in its place, cut to what a run keeps."""
        return replace(self, route=route if len(route) <= ROUTE_LENGTH else f"{route[: ROUTE_LENGTH - 1]}…")


NO_DECISION = Decision()
