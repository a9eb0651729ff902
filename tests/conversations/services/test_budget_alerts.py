"""Alerts of budgets: one for each budget, period and level, stored, logged and counted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import TestCase
from structlog.testing import capture_logs

from conversations.models import BudgetAlert, BudgetLevel
from conversations.services import budgets
from conversations.services.budgets import Step
from sessions_app.models import Channel
from tests.conversations.services.budget_builders import make_budget, make_run
from tests.recording import RecordedMetrics

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


def spend(channel: Channel, usd: str) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        budgets.settle(make_run(channel).pk, Decimal(usd), channel_id=channel.pk)


def ask(channel: Channel, usd: str) -> Step:
    with TestCase.captureOnCommitCallbacks(execute=True):
        return budgets.reserve(channel.pk, run_id=make_run(channel).pk, estimate_usd=Decimal(usd)).step


def alerts() -> list[tuple[str, str]]:
    return list(BudgetAlert.objects.order_by("pk").values_list("period", "level"))


def test_each_level_is_told_of_when_it_is_reached_and_not_again(channel: Channel) -> None:
    make_budget(channel, daily="1")

    spend(channel, "0.79")
    assert alerts() == []
    spend(channel, "0.01")
    spend(channel, "0.01")
    assert alerts() == [("day", "warn")]
    spend(channel, "0.19")
    spend(channel, "5")
    ask(channel, "1")
    assert alerts() == [("day", "warn"), ("day", "limit")]


def test_one_step_over_both_levels_tells_of_both(channel: Channel) -> None:
    make_budget(channel, daily="1")

    spend(channel, "2")

    assert alerts() == [("day", "warn"), ("day", "limit")]


def test_day_and_month_are_told_of_apart(channel: Channel) -> None:
    make_budget(channel, daily="1", monthly="1")

    spend(channel, "0.8")

    assert sorted(alerts()) == [("day", "warn"), ("month", "warn")]


def test_each_budget_has_alerts_of_its_own(channel: Channel) -> None:
    own, common = make_budget(channel, daily="1"), make_budget(None, daily="1")

    spend(channel, "0.8")

    assert set(BudgetAlert.objects.values_list("budget", flat=True)) == {own.pk, common.pk}


def test_the_next_day_is_told_of_anew(channel: Channel, clock: time_machine.Traveller) -> None:
    make_budget(channel, daily="1", monthly="100")
    spend(channel, "0.8")
    clock.shift(24 * 3600)
    assert alerts() == [("day", "warn")]

    spend(channel, "0.8")

    days = BudgetAlert.objects.order_by("pk").values_list("starts_on", flat=True)
    assert list(days) == [date(2026, 11, 20), date(2026, 11, 21)]


def test_an_alert_says_what_was_spent_of_what(channel: Channel) -> None:
    budget = make_budget(channel, monthly="2")

    spend(channel, "1.75")

    alert = BudgetAlert.objects.get()
    assert (alert.budget, alert.starts_on, alert.level) == (budget, date(2026, 11, 1), BudgetLevel.WARN)
    assert (alert.limit_usd, alert.spent_usd) == (Decimal(2), Decimal("1.75"))


def test_a_call_that_is_refused_tells_of_the_limit_though_nothing_more_is_spent(channel: Channel) -> None:
    make_budget(channel, daily="1")

    assert ask(channel, "2") is Step.OFFLINE

    assert alerts() == [("day", "limit")]


def test_what_is_reserved_for_others_warns_as_soon_as_it_makes_a_difference(channel: Channel) -> None:
    make_budget(channel, daily="1")

    assert ask(channel, "0.85") is Step.FULL
    assert alerts() == []
    assert ask(channel, "0.01") is Step.CHEAPER
    assert alerts() == [("day", "warn")]


def test_an_alert_is_logged_and_counted_once(channel: Channel, recorded: RecordedMetrics) -> None:
    budget = make_budget(channel, daily="1")

    with capture_logs() as logged:
        spend(channel, "0.9")
        spend(channel, "0.9")
        spend(channel, "0.9")

    assert [line["event"] for line in logged] == ["BUDGET_WARNING", "BUDGET_SPENT"]
    expected = {
        "budget_id": budget.pk,
        "channel_id": channel.pk,
        "period": "day",
        "starts_on": "2026-11-20",
        "limit_usd": "1.0000",
        "spent_usd": "0.900000000",
    }
    assert {name: logged[0][name] for name in expected} == expected
    assert recorded.total("budget_alerts_total", "warn") == 1
    assert recorded.total("budget_alerts_total", "limit") == 1


def test_nobody_is_told_of_what_was_rolled_back(channel: Channel, recorded: RecordedMetrics) -> None:
    make_budget(channel, daily="1")

    with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
        budgets.settle(make_run(channel).pk, Decimal(2), channel_id=channel.pk)
        transaction.set_rollback(True)

    assert alerts() == []
    assert recorded.total("budget_alerts_total", "limit") == 0


def test_the_database_holds_no_alert_twice(channel: Channel) -> None:
    make_budget(channel, daily="1")
    spend(channel, "0.8")
    alert = BudgetAlert.objects.get()
    alert.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        alert.save(force_insert=True)
