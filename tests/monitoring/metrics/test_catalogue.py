"""What the outside relies on is told, and what is told is written down."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from botsite.resilience.breaker import get_breaker
from botsite.telemetry import meter_store
from botsite.telemetry.instruments import INSTRUMENTS, Kind
from botsite.telemetry.series import series_of
from conversations.llm.base import Usage
from conversations.services.provider_usage import usage_book
from tests.botsite.api.client import make_key
from tests.monitoring.metrics.families import Family, families

PROMISED = {
    "race_errors_total": "",
    "token_cleanups_total": "",
    "high_token_threads": "",
    "db_errors_total": "operation",
    "db_operations_total": "operation",
    "cache_requests_total": "layer,result",
    "webhook_messages_total": "channel,result",
    "turns_total": "result",
    "turn_seconds": "",
    "ai_requests_total": "provider,result",
    "ai_request_seconds": "provider",
    "ai_tokens_total": "provider,kind",
    "ai_cost_usd_total": "provider",
    "ai_response_cache_total": "result",
    "circuit_state": "name",
    "circuit_trips_total": "name",
    "outbox_messages": "state",
    "inbox_messages": "state",
    "forward_items": "kind,state",
    "forward_requests_total": "kind,result",
    "rate_limited_total": "scope",
    "health_check_up": "check",
    "hook_errors_total": "",
    "thread_tokens_reset_total": "reason",
    "tokens_lost_total": "",
}
"""The contract's metrics with their labels; we may have more of both."""

HISTOGRAMS = {"turn_seconds", "ai_request_seconds"}
CATALOGUE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"


@pytest.fixture
def _everything_happened(db: None) -> None:
    """Every instrument counted once, a circuit known, a model's answer booked with its cost."""
    amounts: dict[str, float] = {}
    for instrument in INSTRUMENTS.values():
        series = series_of(instrument.name, instrument.kind, dict.fromkeys(instrument.labels, "x"))
        amounts[series.total] = 1
        if instrument.kind is Kind.HISTOGRAM:
            amounts[series.buckets[7]] = 1
    meter_store.add(meter_store.Batch("catalogue", 1, amounts))
    breaker = get_breaker("test:catalogue")
    breaker.admit().succeeded()
    breaker.report_successes()  # they are gathered for a moment
    usage_book(1, provider="openai", usage=Usage(100, 40, 10), cost_usd=Decimal("0.25"))


@pytest.mark.usefixtures("_everything_happened")
def test_every_promised_metric_is_scraped_with_its_labels(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    key = {"X-Api-Key": make_key("metrics:read")}
    with django_assert_max_num_queries(10):
        text = client.get("/metrics", headers=key).content.decode()
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)

    for name, promised in PROMISED.items():
        sampled = f"{name}_bucket" if name in HISTOGRAMS else name
        assert sampled in labels, name
        assert labels[sampled] >= set(filter(None, promised.split(","))), name


@pytest.mark.usefixtures("_everything_happened")
def test_tokens_and_costs_come_from_the_books(client: Client) -> None:
    text = client.get("/metrics", headers={"X-Api-Key": make_key("metrics:read")}).content.decode()

    assert 'ai_tokens_total{kind="input",provider="openai"} 100.0' in text
    assert 'ai_tokens_total{kind="cached",provider="openai"} 40.0' in text
    assert 'ai_cost_usd_total{provider="openai"} 0.25' in text
    assert 'ai_runs_without_cost_total{provider="openai"} 0.0' in text


@pytest.mark.django_db
def test_a_cost_that_nobody_knows_is_no_zero(client: Client) -> None:
    usage_book(1, provider="openai", usage=Usage(100, 40, 10), cost_usd=None)

    text = client.get("/metrics", headers={"X-Api-Key": make_key("metrics:read")}).content.decode()

    assert "ai_cost_usd_total{" not in text
    assert 'ai_runs_without_cost_total{provider="openai"} 1.0' in text


@pytest.mark.django_db
def test_the_documented_table_is_what_is_told() -> None:
    """With -vv, what fails here shows the lines that belong into docs/metrics.md, in their order."""
    expected = [_line(family) for _, family in sorted(families().items())]

    rows = [line for line in CATALOGUE.read_text().splitlines() if line.startswith("| `")]
    written = [row for row in rows if not row.startswith("| `/")]  # the pages are another table

    assert "\n".join(written) == "\n".join(expected)


def _line(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.name}` | {family.kind} | {labels} | {family.help} |"
