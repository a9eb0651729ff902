"""Budgets: what a run may do, what is kept for it, and what is booked when it ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django.test import TestCase
from pytest_django import DjangoAssertNumQueries

from conversations.llm.complexity import Tier
from conversations.models import Budget, BudgetCharge, RunState
from conversations.services import budgets
from conversations.services.budgets import UNLIMITED, Allowance, Step
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.services.budget_builders import ask, make_budget, make_run, reserved, spend, spent

pytestmark = pytest.mark.django_db
ONE = Decimal(1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = {"day 2026-11-21", "month 2026-11-01"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_channel_without_a_budget_may_do_everything_and_costs_no_query(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = make_channel("other", phone_number_id="2")
    make_budget(other, daily="1")
    run = make_run(channel)
    ask(channel, "5", run=run)  # now it is known that there is none

    with django_assert_num_queries(0):
        assert ask(channel, "5", run=run) == UNLIMITED
        budgets.settle(run.pk, ONE, channel_id=channel.pk)
        budgets.settle(run.pk, None, channel_id=channel.pk)
    assert not BudgetCharge.objects.exists()


def test_reserving_and_settling_take_few_queries_however_many_budgets(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_budget(channel, daily="10", monthly="100")
    make_budget(None, daily="10", monthly="100")
    ask(channel, "1")
    run = make_run(channel)

    with django_assert_num_queries(6):  # with the savepoint that a test's transaction makes of ours
        ask(channel, "1", run=run)
    with django_assert_num_queries(5):
        budgets.settle(run.pk, ONE, channel_id=channel.pk)


def test_money_is_reserved_and_settled_at_what_it_came_to(channel: Channel) -> None:
    budget = make_budget(channel, daily="10")
    run = make_run(channel)

    assert ask(channel, "1.50", run=run) == Allowance(Step.FULL, Decimal("1.50"))
    assert (reserved(budget), spent(budget)) == (Decimal("1.50"), {})

    budgets.settle(run.pk, Decimal("0.25"), channel_id=channel.pk)
    assert reserved(budget) == 0
    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.25"))


def test_the_ladder_goes_down_as_money_runs_out(channel: Channel) -> None:
    make_budget(channel, daily="10")

    spend(channel, "7.99")
    assert ask(channel, "0.001").tier_cap is None
    spend(channel, "0.01")
    cheaper = ask(channel, "0.001")
    assert (cheaper.step, cheaper.tier_cap) == (Step.CHEAPER, Tier.SIMPLE)
    spend(channel, "2")
    assert ask(channel, "0.001") == Allowance(Step.OFFLINE)


def test_a_call_that_only_fits_on_a_cheaper_model_gets_that(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    spend(channel, "0.70")

    assert ask(channel, "0.40", cheaper="0.05") == Allowance(Step.CHEAPER, Decimal("0.05"))
    assert reserved(budget) == Decimal("0.05")
    assert ask(channel, "0.40") == Allowance(Step.OFFLINE)


def test_the_last_cent_can_be_spent_and_no_more(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")

    assert ask(channel, "1").step is Step.FULL
    assert ask(channel, "0.000000001").step is Step.OFFLINE
    assert reserved(budget) == 1


def test_a_limit_of_nothing_lets_nothing_through(channel: Channel) -> None:
    make_budget(channel, daily="0")

    assert ask(channel, "0").step is Step.OFFLINE


def test_a_budget_without_a_limit_only_counts(channel: Channel) -> None:
    budget = make_budget(channel)
    run = make_run(channel)

    assert ask(channel, "10000", run=run).step is Step.FULL
    budgets.settle(run.pk, ONE, channel_id=channel.pk)
    assert spent(budget) == dict.fromkeys(TODAY, ONE)


@pytest.mark.parametrize(("daily", "monthly"), [("1", "100"), ("100", "1"), (None, "1"), ("1", None)])
def test_the_tighter_of_day_and_month_counts(
    channel: Channel, daily: str | None, monthly: str | None
) -> None:
    make_budget(channel, daily=daily, monthly=monthly)

    assert ask(channel, "1.01").step is Step.OFFLINE


def test_the_common_budget_holds_for_all_channels_together(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    common = make_budget(None, daily="1")
    own = make_budget(channel, daily="100")
    spend(other, "0.9")

    assert ask(channel, "0.2").step is Step.OFFLINE
    assert ask(channel, "0.1").step is Step.CHEAPER
    assert (reserved(common), reserved(own)) == (Decimal("0.1"), Decimal("0.1"))
    assert spent(own) == {}


def test_one_channels_money_is_not_anothers(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    make_budget(channel, daily="1")
    make_budget(other, daily="1")
    spend(channel, "1")

    assert ask(channel, "0.1").step is Step.OFFLINE
    assert ask(other, "0.1").step is Step.FULL


def test_an_unknown_cost_is_what_was_reserved_and_never_nothing(channel: Channel) -> None:
    budget = make_budget(channel, daily="10")
    run = make_run(channel)
    ask(channel, "2", run=run)

    budgets.settle(run.pk, None, channel_id=channel.pk)

    assert spent(budget) == dict.fromkeys(TODAY, Decimal(2))


def test_a_cost_above_the_estimate_is_booked_in_full(channel: Channel) -> None:
    budget = make_budget(channel, daily="10")
    run = make_run(channel)
    ask(channel, "1", run=run)

    budgets.settle(run.pk, Decimal(3), channel_id=channel.pk)

    assert spent(budget) == dict.fromkeys(TODAY, Decimal(3))


def test_a_run_that_reserved_nothing_is_booked_where_its_cost_is_known(channel: Channel) -> None:
    budget = make_budget(channel, daily="10")
    budgets.settle(make_run(channel).pk, None, channel_id=channel.pk)
    budgets.settle(make_run(channel).pk, Decimal(0), channel_id=channel.pk)
    assert not BudgetCharge.objects.exists()

    spend(channel, "0.5")

    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.5"))


def test_settling_twice_books_once_and_the_last_word_counts(channel: Channel) -> None:
    budget = make_budget(channel, daily="10")
    run = make_run(channel)
    ask(channel, "2", run=run)

    for cost in (ONE, ONE, Decimal("0.4")):
        budgets.settle(run.pk, cost, channel_id=channel.pk)

    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.4"))


def test_reserving_again_replaces_the_runs_reservation(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)

    ask(channel, "0.5", run=run)
    assert ask(channel, "0.7", run=run) == Allowance(Step.FULL, Decimal("0.7"))
    assert reserved(budget) == Decimal("0.7")
    assert ask(channel, "1.1", run=run).step is Step.OFFLINE
    assert reserved(budget) == 0


def test_what_is_released_can_be_reserved_again(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "1", run=run)

    budgets.release(run.pk)

    assert reserved(budget) == 0
    assert ask(channel, "1").step is Step.FULL


def test_releasing_does_not_touch_what_is_settled(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")

    budgets.release(spend(channel, "1").pk)

    assert spent(budget) == dict.fromkeys(TODAY, ONE)
    assert BudgetCharge.objects.count() == 1


def test_a_budget_that_is_new_begins_with_what_the_period_has_cost(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    for usd, at in (("1", NOON), ("2", NOON - timedelta(days=3)), ("4", NOON - timedelta(days=30))):
        make_run(channel, at=at, state=RunState.COMPLETED, cost_usd=Decimal(usd))
    make_run(other, at=NOON, state=RunState.COMPLETED, cost_usd=Decimal(8))

    own, common = make_budget(channel, daily="9", monthly="9"), make_budget(None)

    assert spent(own) == {"day 2026-11-21": 1, "month 2026-11-01": 3}
    assert spent(common) == {"day 2026-11-21": 9, "month 2026-11-01": 11}


@pytest.mark.parametrize("estimate", ["-0.01", "-1"])
def test_a_negative_estimate_is_refused(channel: Channel, estimate: str) -> None:
    make_budget(channel, daily="1")

    with pytest.raises(ValueError, match="not negative"):
        ask(channel, estimate)


def test_estimates_are_rounded_up_and_costs_to_the_nearest(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)

    assert ask(channel, "0.0000000001", run=run).reserved_usd == Decimal("0.000000001")
    budgets.settle(run.pk, Decimal("0.12345678949"), channel_id=channel.pk)

    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.123456789"))


def test_reserving_within_a_transaction_is_refused(transactional_db: None) -> None:
    channel = make_channel()
    make_budget(channel, daily="1")
    run = make_run(channel)

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        ask(channel, "0.1", run=run)


def test_a_settlement_that_is_rolled_back_leaves_the_reservation(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.5", run=run)

    with transaction.atomic():
        budgets.settle(run.pk, Decimal("0.2"), channel_id=channel.pk)
        transaction.set_rollback(True)

    assert (reserved(budget), spent(budget)) == (Decimal("0.5"), {})


def test_a_changed_limit_counts_at_once(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    assert ask(channel, "2").step is Step.OFFLINE

    Budget.objects.filter(pk=budget.pk).update(daily_usd=5)

    assert ask(channel, "2").step is Step.FULL


def test_a_new_and_a_deleted_budget_count_at_once(channel: Channel) -> None:
    assert ask(channel, "2") == UNLIMITED
    with TestCase.captureOnCommitCallbacks(execute=True):
        common = make_budget(None, daily="1")
    assert ask(channel, "2").step is Step.OFFLINE
    with TestCase.captureOnCommitCallbacks(execute=True):
        own = make_budget(channel, daily="1")
    with TestCase.captureOnCommitCallbacks(execute=True):
        common.delete()
    assert ask(channel, "2").step is Step.OFFLINE
    with TestCase.captureOnCommitCallbacks(execute=True):
        own.delete()
    assert ask(channel, "2") == UNLIMITED
