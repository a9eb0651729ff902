"""The prices and routes that staff keep, as the router and the books take them.

Every process keeps them, so that no turn costs a query; a row that is saved or deleted is read anew in all
processes. While a table has no rows, our own list stands in for it.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from botsite import caching
from conversations.llm import pricing
from conversations.llm.base import Usage
from conversations.llm.complexity import Tier
from conversations.llm.price_list import PRICE_LIST
from conversations.llm.pricing import Price
from conversations.llm.route_list import ROUTE_LIST
from conversations.llm.router import Choice
from conversations.models import ModelPrice, RouteChoice
from conversations.services.language_models import language_models


def _read_prices() -> tuple[Price, ...]:
    rows = ModelPrice.objects.all()
    return (
        tuple(
            Price(
                provider=row.provider,
                model=row.model,
                valid_from=row.valid_from,
                input=row.input,
                cached=row.cached,
                output=row.output,
                from_input_tokens=row.from_input_tokens,
                weekdays=row.weekdays,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
            )
            for row in rows
        )
        or PRICE_LIST
    )


def _read_routes() -> tuple[Choice, ...]:
    rows = list(RouteChoice.objects.all())
    if not rows:
        return ROUTE_LIST
    return tuple(
        Choice(Tier(row.tier), row.position, row.provider, row.model) for row in rows if row.is_active
    )


def current_prices() -> tuple[Price, ...]:
    """Return all prices, past and announced ones among them."""
    return cast("tuple[Price, ...]", caching.get_or_load(caching.MODEL_TABLES, _read_prices, table="prices"))


def current_routes(cap: Tier | None = None) -> tuple[Choice, ...]:
    """Return the routes that are active, with `cap` those of no higher tier."""
    routes: tuple[Choice, ...] = caching.get_or_load(caching.MODEL_TABLES, _read_routes, table="routes")
    return routes if cap is None else tuple(route for route in routes if route.tier.fits(cap))


@receiver((post_save, post_delete), sender=ModelPrice)
def _forget_prices(**_: Any) -> None:
    caching.invalidate_on_commit(caching.MODEL_TABLES, table="prices")


@receiver((post_save, post_delete), sender=RouteChoice)
def _forget_routes(**_: Any) -> None:
    caching.invalidate_on_commit(caching.MODEL_TABLES, table="routes")


def cost_usd(*, provider: str, model: str, usage: Usage, at: datetime | None = None) -> Decimal | None:
    """Return the cost of a call at the instant `at` (default: now); None where its price is not known."""
    return pricing.cost_usd(
        current_prices(), provider=provider, model=model, usage=usage, at=at or timezone.now()
    )


def baseline_usd(provider: str, model: str, *, usage: Usage, at: datetime) -> Decimal | None:
    """Return what `usage` would have cost at `at` on the dearest of the models that may be asked now.

    The one that was asked, of `provider`, is always among them. None: no price is known.
    """
    return pricing.baseline_usd(
        current_prices(), models={(provider, model), *_models_in_use()}, usage=usage, at=at
    )


def dearest_usd(cap: Tier, *, usage: Usage, at: datetime) -> Decimal | None:
    """Return what `usage` would cost at `at` on the dearest of the models that may be asked up to tier `cap`.

    None: no price is known, or there is no such model.
    """
    return pricing.baseline_usd(current_prices(), models=_models_in_use(cap), usage=usage, at=at)


def _models_in_use(cap: Tier | None = None) -> Iterable[tuple[str, str]]:
    """Yield provider and model of the routes (up to tier `cap`) whose provider has a key."""
    routes = current_routes(cap)
    for provider in language_models():
        named = {route.model for route in routes if route.provider == provider.name}
        for model in {""} if provider.is_fixed and named else named:
            yield provider.name, model or provider.model
