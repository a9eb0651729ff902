"""Days and months of budgets are those of TIME_ZONE, wherever its clocks are put back or forward."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import override_settings

from conversations.models import RunState
from conversations.services import budget_ledger, budgets, costs
from conversations.services.budgets import Step
from conversations.services.costs import Span
from sessions_app.models import Channel
from tests.conversations.services.budget_builders import make_budget, make_run, reserved, spent

pytestmark = pytest.mark.django_db
ONE = Decimal(1)


@pytest.fixture
def bogota() -> Iterator[None]:
    with override_settings(TIME_ZONE="America/Bogota"):
        yield


@pytest.fixture
def santiago() -> Iterator[None]:
    """Its clocks go forward at midnight on 6 September 2026: that day begins at one o'clock."""
    with override_settings(TIME_ZONE="America/Santiago"):
        yield


def at(*moment: int) -> time_machine.travel:
    """Let it be this time in UTC."""
    return time_machine.travel(datetime(*moment, tzinfo=UTC), tick=False)  # type: ignore[misc, arg-type]


def spend(channel: Channel, usd: str = "1") -> None:
    budgets.settle(make_run(channel).pk, Decimal(usd), channel_id=channel.pk)


def test_a_day_in_bogota_begins_at_five_in_the_morning_utc(bogota: None, channel: Channel) -> None:
    with at(2026, 11, 21, 4, 59):
        budget = make_budget(channel, daily="1")
        spend(channel)
        assert budgets.reserve(channel.pk, run_id=make_run(channel).pk, estimate_usd=ONE).step is Step.OFFLINE
    with at(2026, 11, 21, 5, 0):
        assert budgets.reserve(channel.pk, run_id=make_run(channel).pk, estimate_usd=ONE).step is Step.FULL

    assert spent(budget) == {"day 2026-11-20": 1, "month 2026-11-01": 1}


def test_a_month_begins_with_its_first_day(bogota: None, channel: Channel) -> None:
    with at(2026, 12, 1, 4, 59):
        budget = make_budget(channel, monthly="1")
        spend(channel)
    with at(2026, 12, 1, 5, 0):
        assert budgets.reserve(channel.pk, run_id=make_run(channel).pk, estimate_usd=ONE).step is Step.FULL

    assert spent(budget) == {"day 2026-11-30": 1, "month 2026-11-01": 1}


def test_a_run_over_midnight_is_paid_by_the_day_that_it_reserved_from(bogota: None, channel: Channel) -> None:
    with at(2026, 12, 1, 4, 59):
        budget = make_budget(channel, daily="1", monthly="1")
        run = make_run(channel)
        budgets.reserve(channel.pk, run_id=run.pk, estimate_usd=ONE)
    with at(2026, 12, 1, 5, 0):
        assert budgets.reserve(channel.pk, run_id=make_run(channel).pk, estimate_usd=ONE).step is Step.FULL
        budgets.settle(run.pk, Decimal("0.5"), channel_id=channel.pk)

    assert spent(budget) == {"day 2026-11-30": Decimal("0.5"), "month 2026-11-01": Decimal("0.5")}
    assert reserved(budget) == 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ((2026, 9, 6, 3, 59), date(2026, 9, 5)),  # 23:59, four hours behind
        ((2026, 9, 6, 4, 0), date(2026, 9, 6)),  # 01:00, three hours behind
        ((2026, 9, 7, 2, 59), date(2026, 9, 6)),
        ((2026, 9, 7, 3, 0), date(2026, 9, 7)),
        ((2026, 4, 5, 2, 59), date(2026, 4, 4)),  # 23:59 for the first time
        ((2026, 4, 5, 3, 59), date(2026, 4, 4)),  # 23:59 for the second
        ((2026, 4, 5, 4, 0), date(2026, 4, 5)),
    ],
)
def test_days_follow_the_clocks(santiago: None, moment: tuple[int, ...], day: date) -> None:
    with at(*moment):
        assert budget_ledger.today() == costs.today().last == day


def test_a_span_of_days_is_as_long_as_those_days_are(santiago: None) -> None:
    def hours(day: date) -> float:
        begins, ends = Span(day, day).bounds()
        return (ends.astimezone(UTC) - begins.astimezone(UTC)) / timedelta(hours=1)

    assert [hours(date(2026, 9, 6)), hours(date(2026, 4, 4)), hours(date(2026, 6, 1))] == [23, 25, 24]


def test_costs_fall_on_the_day_that_people_had(santiago: None, channel: Channel) -> None:
    zone = ZoneInfo("America/Santiago")
    for moment in (
        datetime(2026, 9, 5, 23, 59, tzinfo=zone),
        datetime(2026, 9, 6, 1, 0, tzinfo=zone),
        datetime(2026, 9, 6, 23, 59, tzinfo=zone),
        datetime(2026, 9, 7, 0, 0, tzinfo=zone),
    ):
        make_run(channel, at=moment, state=RunState.COMPLETED, cost_usd=ONE)

    found = costs.by_day(Span(date(2026, 9, 5), date(2026, 9, 6)))

    assert [(line.key, line.cost_usd) for line in found] == [
        (date(2026, 9, 5), ONE),
        (date(2026, 9, 6), 2 * ONE),
    ]


def test_months_in_bogota_end_five_hours_after_those_of_utc(bogota: None, channel: Channel) -> None:
    for moment in (datetime(2026, 11, 1, 4, 59, tzinfo=UTC), datetime(2026, 11, 1, 5, 0, tzinfo=UTC)):
        make_run(channel, at=moment, state=RunState.COMPLETED, cost_usd=ONE)

    found = costs.by_month(Span(date(2026, 10, 1), date(2026, 11, 30)))

    assert [(line.key, line.cost_usd) for line in found] == [
        (date(2026, 10, 1), ONE),
        (date(2026, 11, 1), ONE),
    ]
