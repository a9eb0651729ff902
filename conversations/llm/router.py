"""Which models to ask for a message, in order: by tier, then by what a call costs now, waiting included.

A table says which models suit which tier; where none of a message's own tier can be asked, the next tier's
are. Only providers that are configured and whose circuit is not open are considered; a half-open one keeps
its place, for its breaker lets one call through to learn whether it has recovered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from conversations.llm.base import Usage
from conversations.llm.complexity import Tier
from conversations.llm.pricing import Price, cost_usd

SECOND_USD = Decimal("0.00005")
"""What a second of the customer's waiting counts: about a quarter of a cheap call."""

# A better model before a weaker one: a wrong answer costs more than a dearer call.
FALLBACK: Mapping[Tier, tuple[Tier, ...]] = {
    Tier.SIMPLE: (Tier.SIMPLE, Tier.MEDIUM, Tier.COMPLEX),
    Tier.MEDIUM: (Tier.MEDIUM, Tier.COMPLEX, Tier.SIMPLE),
    Tier.COMPLEX: (Tier.COMPLEX, Tier.MEDIUM, Tier.SIMPLE),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the table: a model that suits `tier`. Of equals the lowest `position` comes first.

    An empty `model` stands for the one that the provider is configured with.
    """

    tier: Tier
    position: int
    provider: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A configured provider. With `fixed` it serves no model but its own, whatever the table says."""

    model: str
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How things stand now: `targets` and measured `latency` (seconds a call) by provider's name."""

    targets: Mapping[str, Target]
    is_open: Callable[[str], bool]
    prices: Sequence[Price]
    latency: Mapping[str, float]
    now: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """A model to ask. `cost` is the estimate for this call in US dollars, None where its price is unknown."""

    provider: str
    model: str
    tier: Tier
    cost: Decimal | None
    reason: str


def routes(table: Iterable[Choice], *, tier: Tier, expected: Usage, conditions: Conditions) -> list[Route]:
    """Return the models to ask for a message of `tier`, in order; empty: none can be asked now.

    `expected` are the tokens that the call is likely to use.
    """
    table = list(table)
    found: dict[tuple[str, str], Route] = {}
    for step in FALLBACK[tier]:
        for route in _of_tier(table, step, tier, expected, conditions):
            found.setdefault((route.provider, route.model), route)
    return list(found.values())


def _of_tier(
    table: Sequence[Choice], step: Tier, wanted: Tier, expected: Usage, conditions: Conditions
) -> list[Route]:
    usable = sorted(
        (
            choice
            for choice in table
            if choice.tier is step
            and choice.provider in conditions.targets
            and not conditions.is_open(choice.provider)
        ),
        key=lambda choice: choice.position,
    )
    candidates = [_route(choice, wanted, expected, conditions) for choice in usable]
    # Sorting keeps the table's order between equals.
    return sorted(candidates, key=lambda route: _burden(route, conditions.latency))


def _route(choice: Choice, wanted: Tier, expected: Usage, conditions: Conditions) -> Route:
    target = conditions.targets[choice.provider]
    model = target.model if target.fixed or not choice.model else choice.model
    cost = cost_usd(
        conditions.prices, provider=choice.provider, model=model, usage=expected, at=conditions.now
    )
    reason = _reason(choice, wanted, cost, conditions.latency.get(choice.provider))
    return Route(choice.provider, model, choice.tier, cost, reason)


def _burden(route: Route, latency: Mapping[str, float]) -> tuple[bool, Decimal]:
    """Return what to sort by: cost and waiting together, an unknown price last.

    Whoever has not been measured counts as quick, or would never be.
    """
    waiting = Decimal(latency.get(route.provider, 0.0)) * SECOND_USD
    return route.cost is None, waiting + (route.cost or 0)


def _reason(choice: Choice, wanted: Tier, cost: Decimal | None, seconds: float | None) -> str:
    parts = [
        f"for {choice.tier}" if choice.tier is wanted else f"for {choice.tier}, in place of {wanted}",
        "price unknown" if cost is None else f"about {cost:.6f} USD",
    ]
    if seconds is not None:
        parts.append(f"{seconds:.1f} s")
    return ", ".join(parts)
