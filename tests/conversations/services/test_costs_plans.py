"""How the database reads a month of costs out of a year of runs: by index."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Run, RunState, Thread, WhatsAppUser
from conversations.services import costs
from conversations.services.costs import By, Span
from sessions_app.models import Channel

pytestmark = pytest.mark.django_db
RUNS = 24_000
CUSTOMERS = 400
NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30))
END = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def year_of_runs(channel: Channel) -> None:
    """Runs spread evenly over the year before the end of November."""
    users = WhatsAppUser.objects.bulk_create(WhatsAppUser(channel=channel) for _ in range(CUSTOMERS))
    threads = Thread.objects.bulk_create(Thread(user=user) for user in users)
    runs = Run.objects.bulk_create(
        (
            Run(
                thread=thread,
                epoch=1,
                state=RunState.COMPLETED,
                provider=("openai", "gemini", "deepseek")[number % 3],
                input_tokens=1000,
                cost_usd=Decimal("0.001"),
                baseline_usd=Decimal("0.002"),
            )
            for number, thread in zip(range(RUNS), itertools.cycle(threads), strict=False)
        ),
        batch_size=4000,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations_run SET started_at = %s - (id - %s) * make_interval(days => 365) / %s",
            [END - timedelta(seconds=1), runs[0].pk, RUNS],
        )
        for table in (Run, Thread, WhatsAppUser):
            cursor.execute(f"ANALYZE {table._meta.db_table}")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def scans_of_runs(sql: str) -> list[str]:
    """The kinds of nodes by which a query reads the table of runs."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        (answer,) = cursor.fetchone()
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return [node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "conversations_run"]


def test_no_listing_of_a_month_reads_the_whole_table(year_of_runs: None) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert costs.total(NOVEMBER).runs == pytest.approx(RUNS / 12, rel=0.05)
        for by in By:
            assert costs.lines(by, NOVEMBER)
        costs.spent_since(date(2026, 11, 1), channel_id=None)
    queries = [query["sql"] for query in captured if "conversations_run" in query["sql"]]

    assert len(queries) == 2 + len(By)
    for sql in queries:
        assert scans_of_runs(sql)
        assert "Seq Scan" not in scans_of_runs(sql), sql
