"""What language models were asked for, from the books in Postgres: it outlives Redis and retention."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily

from conversations.services.provider_usage import usage_totals


def booked_counters() -> Iterator[CounterMetricFamily]:
    """Yield tokens and costs by provider. Raises django.db.Error. A cost that nobody knows is left out."""
    tokens = CounterMetricFamily(
        "ai_tokens_total",
        "Tokens of language models by provider: input (cached ones included), cached, output.",
        labels=["provider", "kind"],
    )
    cost = CounterMetricFamily(
        "ai_cost_usd_total", "What language models cost, in US dollars.", labels=["provider"]
    )
    without_cost = CounterMetricFamily(
        "ai_runs_without_cost_total",
        "Runs that are in no amount, their usage or their model's price being unknown.",
        labels=["provider"],
    )
    for total in usage_totals():
        tokens.add_metric([total.provider, "input"], total.input_tokens)
        tokens.add_metric([total.provider, "cached"], total.cached_tokens)
        tokens.add_metric([total.provider, "output"], total.output_tokens)
        if total.cost_usd is not None:
            cost.add_metric([total.provider], float(total.cost_usd))
        without_cost.add_metric([total.provider], total.runs_without_cost)
    yield from (tokens, cost, without_cost)
