"""The sums of tokens and costs by provider that never fall, whatever retention deletes."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from conversations.llm.base import Usage
from conversations.models import ProviderUsage

SHARDS = 8

_BOOK = """
    INSERT INTO conversations_providerusage AS sums
        (provider, shard, input_tokens, cached_tokens, output_tokens, cost_usd, runs_without_cost)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (provider, shard) DO UPDATE SET
        input_tokens = sums.input_tokens + excluded.input_tokens,
        cached_tokens = sums.cached_tokens + excluded.cached_tokens,
        output_tokens = sums.output_tokens + excluded.output_tokens,
        cost_usd = coalesce(sums.cost_usd + excluded.cost_usd, sums.cost_usd, excluded.cost_usd),
        runs_without_cost = sums.runs_without_cost + excluded.runs_without_cost
"""


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """One provider's sums; `input_tokens` includes the cached ones.

    `cost_usd` is None while no run has a known cost; `runs_without_cost` are in no amount.
    """

    provider: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    runs_without_cost: int


def usage_book(run_id: int, *, provider: str, usage: Usage, cost_usd: Decimal | None) -> None:
    """Add what a run used to its provider's sums, once, in the transaction that completes it.

    Answers that asked no model are not booked.
    """
    if usage == Usage():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _BOOK,
            [
                provider,
                run_id % SHARDS,
                usage.input_tokens,
                usage.cached_tokens,
                usage.output_tokens,
                cost_usd,
                int(cost_usd is None),
            ],
        )


def usage_totals() -> list[UsageTotal]:
    """Return the sums of all providers, by name. One query over a few rows."""
    sums = (
        ProviderUsage.objects.order_by("provider")
        .values_list("provider")
        .annotate(
            Sum("input_tokens"),
            Sum("cached_tokens"),
            Sum("output_tokens"),
            Sum("cost_usd"),
            Sum("runs_without_cost"),
        )
    )
    return [UsageTotal(*row) for row in sums]
