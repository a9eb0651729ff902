"""The books of costs: what is known is added up, what is not is counted, and nothing is made up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.llm.base import Usage
from conversations.models import ModelPrice, RouteChoice, Run, RunState
from conversations.services import costs, usage
from conversations.services.costs import By, Span
from conversations.services.erasing import user_erase
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.services.budget_builders import make_run, make_thread

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30))
YEAR = Span(date(2026, 1, 1), date(2026, 12, 31))


def done(channel: Channel, cost: str | None, *, at: datetime = NOON, **values: Any) -> Run:
    """A completed run that asked OpenAI."""
    usd = None if cost is None else Decimal(cost)
    defaults: dict[str, Any] = {
        "state": RunState.COMPLETED,
        "provider": "openai",
        "model": "m",
        "cost_usd": usd,
    }
    return make_run(channel, at=at, **(defaults | values))


def test_a_provider_is_a_line_and_the_dearest_comes_first(channel: Channel) -> None:
    done(channel, "0.1", input_tokens=100, cached_tokens=40, output_tokens=10)
    done(channel, "0.2", input_tokens=200, cached_tokens=0, output_tokens=20)
    done(channel, "0.9", provider="gemini")
    done(channel, None, provider="offline", degraded=True)

    lines = costs.by_provider(NOVEMBER)

    assert [(line.name, line.runs, line.cost_usd) for line in lines] == [
        ("gemini", 1, Decimal("0.9")),
        ("openai", 2, Decimal("0.3")),
        ("offline", 1, Decimal(0)),
    ]
    assert (lines[1].input_tokens, lines[1].cached_tokens, lines[1].output_tokens) == (300, 40, 30)


def test_only_the_span_is_counted_its_last_day_included(channel: Channel) -> None:
    for moment, usd in (
        (datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC), "1"),
        (datetime(2026, 11, 1, tzinfo=UTC), "2"),
        (datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=UTC), "4"),
        (datetime(2026, 12, 1, tzinfo=UTC), "8"),
    ):
        done(channel, usd, at=moment)

    assert costs.total(NOVEMBER).cost_usd == 6
    assert [(line.key.month, line.cost_usd) for line in costs.by_month(YEAR)] == [
        (10, Decimal(1)),
        (11, Decimal(6)),
        (12, Decimal(8)),
    ]
    assert [line.name for line in costs.by_day(NOVEMBER)] == ["2026-11-01", "2026-11-30"]


def test_channels_and_customers_are_named(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2", name="Sucursal")
    ana, luis = make_thread(channel, name="Ana"), make_thread(other, name="Luis")
    done(channel, "1", thread=ana)
    done(channel, "1", thread=ana)
    done(other, "3", thread=luis)
    done(other, None, thread=make_thread(other, name="Eva"), usage_unknown=True)

    assert [(line.name, line.runs, line.cost_usd) for line in costs.by_channel(NOVEMBER)] == [
        ("Sucursal", 2, Decimal(3)),
        ("shop", 2, Decimal(2)),
    ]
    assert [(line.name, line.key) for line in costs.by_user(NOVEMBER)][:2] == [
        ("Luis", luis.user_id),
        ("Ana", ana.user_id),
    ]
    assert [line.name for line in costs.by_user(NOVEMBER, limit=1)] == ["Luis"]


def test_what_nobody_knows_is_counted_apart_and_in_no_amount(channel: Channel) -> None:
    done(channel, "0.5", input_tokens=10)
    done(channel, None, usage_unknown=True)
    done(channel, None, usage_unknown=True, state=RunState.CRASHED)
    done(channel, None, input_tokens=10)  # a model without a price
    done(channel, None, provider="offline")  # no model
    make_run(channel, at=NOON, usage_unknown=True)  # at work: it will say

    line = costs.total(NOVEMBER)

    assert (line.runs, line.cost_usd) == (6, Decimal("0.5"))
    assert (line.unknown_usage, line.unknown_price) == (2, 1)


def test_nothing_at_all_is_zero_and_has_no_baseline() -> None:
    line = costs.total(NOVEMBER)

    assert (line.runs, line.cost_usd, line.baseline_usd, line.saved_usd, line.saved_percent) == (
        0,
        Decimal(0),
        None,
        None,
        None,
    )
    assert costs.by_provider(NOVEMBER) == costs.by_user(NOVEMBER) == []


def test_savings_compare_only_runs_of_which_both_sides_are_known(channel: Channel) -> None:
    done(channel, "1", baseline_usd=Decimal(4))
    done(channel, "2", baseline_usd=Decimal(4))
    done(channel, "100")  # from before there were baselines
    done(channel, None, baseline_usd=Decimal(50), input_tokens=1)

    line = costs.total(NOVEMBER)

    assert (line.baseline_usd, line.compared_usd, line.saved_usd) == (Decimal(8), Decimal(3), Decimal(5))
    assert line.saved_percent == 62
    assert line.cost_usd == 103


def test_amounts_are_added_exactly(channel: Channel) -> None:
    thread = make_thread(channel)
    Run.objects.bulk_create(
        Run(thread=thread, epoch=1, state=RunState.COMPLETED, cost_usd=Decimal("0.000000001"))
        for _ in range(1000)
    )
    Run.objects.update(started_at=NOON)

    assert costs.total(NOVEMBER).cost_usd == Decimal("0.000001000")


@pytest.mark.parametrize("by", list(By))
def test_every_listing_adds_up_to_the_total(channel: Channel, by: By) -> None:
    for number in range(7):
        done(channel, f"0.{number}", at=NOON - timedelta(days=number), provider=("a", "b")[number % 2])

    found = costs.lines(by, NOVEMBER)

    assert sum(line.cost_usd for line in found) == costs.total(NOVEMBER).cost_usd == Decimal("2.1")
    assert sum(line.runs for line in found) == 7


@pytest.mark.parametrize("by", list(By))
def test_a_listing_takes_no_query_a_line(
    channel: Channel, by: By, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        done(channel, "1", at=NOON - timedelta(days=number))

    with django_assert_max_num_queries(2):
        costs.lines(by, NOVEMBER)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="first day"):
        Span(date(2026, 11, 2), date(2026, 11, 1))
    assert len(NOVEMBER.days()) == 30


@pytest.fixture
def models(settings: Settings) -> None:
    """A cheap and a dear model, the cheap one with peak hours, and a dear one for long prompts."""
    settings.OPENAI_API_KEY = settings.DEEPSEEK_API_KEY = "sk-test"
    ModelPrice.objects.all().delete()
    RouteChoice.objects.all().delete()
    first = {"valid_from": date(2026, 1, 1)}
    for values in (
        {"provider": "deepseek", "model": "flash", "input": 1, "cached": "0.5", "output": 2},
        {
            "provider": "deepseek",
            "model": "flash",
            "input": 3,
            "cached": 1,
            "output": 4,
            "starts_at": "01:00",
            "ends_at": "04:00",
            "weekdays": "12345",
        },
        {"provider": "openai", "model": "dear", "input": 10, "cached": 1, "output": 20},
        {"provider": "openai", "model": "dear", "input": 30, "output": 60, "from_input_tokens": 2_000_000},
    ):
        ModelPrice.objects.create(**(first | values))
    RouteChoice.objects.create(tier="simple", provider="deepseek", model="flash")
    RouteChoice.objects.create(tier="complex", provider="openai", model="dear")


@pytest.mark.parametrize(
    ("moment", "used", "cost", "baseline"),
    [
        (datetime(2026, 11, 20, 12, tzinfo=UTC), Usage(1_000_000, 0, 1_000_000), 3, 30),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), Usage(1_000_000, 400_000, 0), "0.8", "6.4"),  # cached input
        (datetime(2026, 11, 20, 3, 59, tzinfo=UTC), Usage(1_000_000, 0, 0), 3, 10),  # a Friday's peak
        (datetime(2026, 11, 20, 4, 0, tzinfo=UTC), Usage(1_000_000, 0, 0), 1, 10),
        (datetime(2026, 11, 21, 3, 59, tzinfo=UTC), Usage(1_000_000, 0, 0), 1, 10),  # a Saturday
        (datetime(2026, 11, 20, 12, tzinfo=UTC), Usage(2_000_000, 0, 0), 2, 60),  # a long prompt
        (datetime(2026, 11, 20, 12, tzinfo=UTC), Usage(1, 0, 0), "0.000001", "0.00001"),
    ],
)
def test_a_run_books_its_cost_and_its_baseline_at_the_prices_of_its_time(
    channel: Channel, models: None, moment: datetime, used: Usage, cost: str, baseline: str
) -> None:
    run = make_run(channel)

    with time_machine.travel(moment, tick=False):
        usage.complete_run(run, provider="deepseek", model="flash", usage=used)

    run.refresh_from_db()
    assert (run.cost_usd, run.baseline_usd) == (Decimal(cost), Decimal(baseline))


def test_what_is_booked_stays_when_prices_change(channel: Channel, models: None) -> None:
    run = make_run(channel)
    usage.complete_run(run, provider="deepseek", model="flash", usage=Usage(0, 0, 1_000_000))
    span = costs.this_month()
    before = costs.total(span)

    ModelPrice.objects.update(output=99)

    assert costs.total(span) == before
    assert before.saved_usd == 18


@pytest.mark.parametrize(
    ("model", "used"), [("flash", Usage(is_known=False)), ("nobody-knows", Usage(5, 0, 5)), ("", Usage())]
)
def test_a_run_without_a_known_cost_has_no_baseline(
    channel: Channel, models: None, model: str, used: Usage
) -> None:
    run = make_run(channel)

    usage.complete_run(run, provider="deepseek" if model else "offline", model=model, usage=used)

    run.refresh_from_db()
    assert (run.cost_usd, run.baseline_usd) == (None, None)


def test_runs_of_an_erased_customer_stay_with_their_channel(channel: Channel) -> None:
    other = make_channel(slug="other-books", phone_number_id="1002")
    done(channel, "0.1")
    run = done(channel, "0.2", saved_usd=Decimal("0.05"))
    done(other, "0.7")
    user_erase(run.thread.user.pk)  # type: ignore[union-attr]

    lines = {line.key: (line.runs, line.cost_usd) for line in costs.by_channel(NOVEMBER)}
    assert lines[other.pk] == (1, Decimal("0.7"))
    assert lines[channel.pk] == (2, Decimal("0.3"))
    assert costs.spent_since(date(2026, 11, 1), channel_id=channel.pk) == Decimal("0.3")


def test_today_and_the_month_are_as_the_lines_of_those_days(channel: Channel) -> None:
    done(channel, "1", at=NOON - timedelta(days=40))
    done(channel, "2", at=NOON - timedelta(days=3), baseline_usd=Decimal(9), input_tokens=5)
    done(channel, None, at=NOON - timedelta(days=1), input_tokens=7)
    done(channel, "4", input_tokens=11)

    with time_machine.travel(NOON, tick=False):
        today, month = costs.today_and_month()
        assert (today, month) == (costs.total(costs.today()), costs.total(costs.this_month()))
        assert costs.today_and_month() == (today, month)  # what was kept is read again
    assert (today.cost_usd, month.cost_usd, month.unknown_price) == (Decimal(4), Decimal(6), 1)


def test_on_the_first_of_a_month_today_is_the_month(channel: Channel) -> None:
    done(channel, "1", at=NOON.replace(day=1))

    with time_machine.travel(NOON.replace(day=1), tick=False):
        today, month = costs.today_and_month()

    assert (today.cost_usd, month.cost_usd) == (Decimal(1), Decimal(1))


def test_the_month_is_not_added_up_anew_at_every_look(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    done(channel, "1", at=NOON - timedelta(days=3))
    with time_machine.travel(NOON, tick=False):
        costs.today_and_month()
        with django_assert_num_queries(1):
            assert costs.today_and_month()[1].cost_usd == 1
