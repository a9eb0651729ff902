"""What a call costs: dated prices per provider and model, in US dollars.

The rows of a model with the same `valid_from` are one price list; the latest one in force counts, and in it
the row that fits best: that of a peak window before the one for all day, that of the largest context reached.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from conversations.llm.base import Usage

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens, from the day `valid_from` (UTC) on.

    `cached` is for input that the provider had cached; None: it costs as any other. The price holds for
    prompts of `from_input_tokens` and more. With `starts_at` and `ends_at` (UTC) it holds within these hours
    only, which may span midnight, begun on one of `weekdays`: "12345" is Monday to Friday, empty is any day.
    """

    provider: str
    model: str
    valid_from: date
    input: Decimal
    cached: Decimal | None
    output: Decimal
    from_input_tokens: int = 0
    weekdays: str = ""
    starts_at: time | None = None
    ends_at: time | None = None

    def is_for(self, provider: str, model: str) -> bool:
        """A dated model name (`gpt-5.4-mini-2026-08-01`) costs what its family does."""
        return self.provider == provider and (self.model == model or model.startswith(f"{self.model}-"))

    def holds_at(self, moment: datetime) -> bool:
        """Whether `moment` (aware) lies within the hours; the day it is valid from is not looked at."""
        if self.starts_at is None or self.ends_at is None:
            return True
        moment = moment.astimezone(UTC)
        clock = moment.time()
        if self.starts_at < self.ends_at:
            return self.starts_at <= clock < self.ends_at and self._begins_on(moment)
        if clock >= self.starts_at:
            return self._begins_on(moment)
        return clock < self.ends_at and self._begins_on(moment - timedelta(days=1))

    def cost(self, usage: Usage) -> Decimal:
        """Return the cost of `usage` in US dollars, exactly."""
        cached_price = self.input if self.cached is None else self.cached
        # Some providers count what they had cached beside the input; a cost is never negative.
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        total = fresh * self.input + usage.cached_tokens * cached_price + usage.output_tokens * self.output
        return total / MILLION

    def _begins_on(self, moment: datetime) -> bool:
        return not self.weekdays or str(moment.isoweekday()) in self.weekdays


def find_price(
    prices: Iterable[Price], *, provider: str, model: str, at: datetime, input_tokens: int = 0
) -> Price | None:
    """Return the price of a call at `at` (aware) with a prompt of `input_tokens`; None: it is not known."""
    today = at.astimezone(UTC).date()
    known = [price for price in prices if price.is_for(provider, model) and price.valid_from <= today]
    if not known:
        return None
    name, in_force = max((len(price.model), price.valid_from) for price in known)
    fitting = [
        price
        for price in known
        if (len(price.model), price.valid_from) == (name, in_force)
        and price.from_input_tokens <= input_tokens
        and price.holds_at(at)
    ]
    return max(fitting, key=lambda p: (p.from_input_tokens, p.starts_at is not None), default=None)


def cost_usd(
    prices: Iterable[Price], *, provider: str, model: str, usage: Usage, at: datetime
) -> Decimal | None:
    """Return the cost of one call; None where the price is not known: no number is made up."""
    price = find_price(prices, provider=provider, model=model, at=at, input_tokens=usage.input_tokens)
    return None if price is None else price.cost(usage)


def baseline_usd(
    prices: Sequence[Price], *, models: Iterable[tuple[str, str]], usage: Usage, at: datetime
) -> Decimal | None:
    """Return what `usage` would have cost on the dearest of `models`, pairs of provider and model.

    None where no price is known.
    """
    costs = (
        cost_usd(prices, provider=provider, model=model, usage=usage, at=at) for provider, model in models
    )
    return max((cost for cost in costs if cost is not None), default=None)
