"""The prices and routes that staff keep, as the router and the books take them.

Every process remembers them for a moment, so that no turn costs a query; a change counts everywhere after
REMEMBER_SECONDS at the latest. While a table has no rows, our own list stands in for it.
"""

import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from django.utils import timezone

from conversations.llm import pricing
from conversations.llm.base import Usage
from conversations.llm.complexity import Tier
from conversations.llm.price_list import PRICE_LIST
from conversations.llm.pricing import Price
from conversations.llm.route_list import ROUTE_LIST
from conversations.llm.router import Choice
from conversations.models import ModelPrice, RouteChoice

REMEMBER_SECONDS = 30.0

Row = TypeVar("Row")


class _Remembered(Generic[Row]):
    """Rows read from the database at most every REMEMBER_SECONDS. Threads may share it."""

    def __init__(self, read: Callable[[], tuple[Row, ...]]) -> None:
        self._read = read
        self._known: tuple[float, tuple[Row, ...]] | None = None

    def rows(self) -> tuple[Row, ...]:
        known = self._known
        if known is None or time.monotonic() - known[0] > REMEMBER_SECONDS:
            # Two threads may read at once: both get the truth, which no lock need wait for.
            self._known = known = (time.monotonic(), self._read())
        return known[1]

    def forget(self) -> None:
        self._known = None


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


_prices = _Remembered(_read_prices)
_routes = _Remembered(_read_routes)


def current_prices() -> tuple[Price, ...]:
    """Return all prices, past and announced ones among them."""
    return _prices.rows()


def current_routes() -> tuple[Choice, ...]:
    """Return the routes that are active."""
    return _routes.rows()


def forget() -> None:
    """Let this process read prices and routes anew: they have changed."""
    _prices.forget()
    _routes.forget()


def cost_usd(*, provider: str, model: str, usage: Usage, at: datetime | None = None) -> Decimal | None:
    """Return the cost of a call at the instant `at` (default: now); None where its price is not known."""
    return pricing.cost_usd(
        current_prices(), provider=provider, model=model, usage=usage, at=at or timezone.now()
    )
