"""What becomes of a reservation when its run ends, well or badly or without a word."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.llm.base import Usage
from conversations.models import BudgetCharge, Run, RunState
from conversations.services import budgets, threads, usage
from conversations.services.budgets import Step
from conversations.services.erasing import user_erase
from sessions_app.models import Channel
from tests.conversations.services.budget_builders import (
    ask,
    make_budget,
    make_run,
    make_thread,
    reserved,
    spend,
    spent,
)

pytestmark = pytest.mark.django_db
ONE = Decimal(1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = {"day 2026-11-21", "month 2026-11-01"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def end(run: Run, state: RunState = RunState.CRASHED, **values: object) -> None:
    """Let a run end without a word to the books."""
    Run.objects.filter(pk=run.pk).update(state=state, finished_at=NOON, **values)


@pytest.mark.parametrize(
    ("state", "values", "booked"),
    [
        (RunState.CRASHED, {"usage_unknown": True}, "0.6"),  # its model may have worked
        (RunState.ABANDONED, {"usage_unknown": True}, "0.6"),
        (RunState.FAILED, {"usage_unknown": False}, "0"),  # no model was asked, or it refused
        (RunState.COMPLETED, {"cost_usd": Decimal("0.1")}, "0.1"),
        (RunState.COMPLETED, {"input_tokens": 9}, "0.6"),  # a model without a price
    ],
)
def test_the_reservation_of_a_run_that_ended_without_a_word_ends_too(
    channel: Channel, state: RunState, values: dict[str, object], booked: str
) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.6", run=run)
    end(run, state, **values)

    ask(channel, "0.01")

    assert reserved(budget) == Decimal("0.01")
    assert sum(spent(budget).values()) == 2 * Decimal(booked)


def test_what_a_crashed_run_had_reserved_is_corrected_when_its_cost_comes_to_light(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.6", run=run)
    end(run, usage_unknown=True)
    ask(channel, "0.01")

    budgets.settle(run.pk, Decimal("0.2"), channel_id=channel.pk)

    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.2"))


def test_a_reservation_expires_with_the_time_that_a_turn_may_take(
    channel: Channel, settings: Settings
) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.6", run=run)
    lifetime = timedelta(seconds=settings.LOCK_TIMEOUT_SECONDS + 60)

    BudgetCharge.objects.update(reserved_at=F("reserved_at") - lifetime + timedelta(seconds=5))
    ask(channel, "0.01")
    assert reserved(budget) == Decimal("0.61")

    BudgetCharge.objects.filter(run=run).update(reserved_at=F("reserved_at") - timedelta(seconds=10))
    ask(channel, "0.01")
    assert reserved(budget) == Decimal("0.02")
    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.6"))


def test_a_run_that_is_taken_up_after_its_reservation_expired_is_booked_once(channel: Channel) -> None:
    budget = make_budget(channel, daily="10")
    run = make_run(channel)
    ask(channel, "2", run=run)
    BudgetCharge.objects.update(reserved_at=F("reserved_at") - timedelta(days=1))
    ask(channel, "0.01")

    assert ask(channel, "3", run=run).step is Step.FULL
    budgets.settle(run.pk, ONE, channel_id=channel.pk)

    assert spent(budget) == dict.fromkeys(TODAY, ONE)


def test_erasing_a_customer_keeps_what_was_spent_and_frees_what_was_reserved(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    at_work, done = make_run(channel), spend(channel, "0.1")
    ask(channel, "0.5", run=at_work)

    for run in (at_work, done):
        assert run.thread is not None
        user_erase(run.thread.user_id)
    ask(channel, "0.01")  # whoever opens the budget next settles what ended without a word

    assert reserved(budget) == Decimal("0.01")
    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.1"))


def test_ending_a_run_asks_nothing_more_for_a_channel_without_a_budget(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    thread = make_thread(channel)
    found = threads.thread_for_turn(thread.user, expected=thread.pk).thread
    run = usage.begin_run(found, epoch=1)
    usage.complete_run(run, provider="openai", model="gpt-6-luna", usage=Usage(1, 0, 1))

    with django_assert_num_queries(3):  # the thread's activity, the run, the provider's sums
        usage.complete_run(run, provider="openai", model="gpt-6-luna", usage=Usage(1, 0, 1))
    with django_assert_num_queries(1):
        usage.fail_run(run, "it failed", usage_unknown=True)


def test_a_run_books_what_it_cost_with_its_reply(channel: Channel) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.5", run=run)

    usage.complete_run(run, provider="openai", model="gpt-6-luna", usage=Usage(1_000_000, 0, 0))

    assert spent(budget) == dict.fromkeys(TODAY, Decimal("0.1"))


@pytest.mark.parametrize(
    ("used", "model", "booked"),
    [
        (Usage(is_known=False), "gpt-6-luna", "0.5"),
        (Usage(10, 0, 10), "a-model-without-a-price", "0.5"),
        (Usage(), "", "0"),  # no model was asked
    ],
)
def test_a_run_without_a_known_cost_books_its_estimate_where_a_model_worked(
    channel: Channel, used: Usage, model: str, booked: str
) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.5", run=run)

    usage.complete_run(run, provider="openai" if model else "offline", model=model, usage=used)

    assert reserved(budget) == 0
    assert sum(spent(budget).values()) == 2 * Decimal(booked)


@pytest.mark.parametrize(("unknown", "booked"), [(True, "0.5"), (False, "0")])
def test_a_failed_run_books_its_estimate_where_a_model_may_have_worked(
    channel: Channel, unknown: bool, booked: str
) -> None:
    budget = make_budget(channel, daily="1")
    run = make_run(channel)
    ask(channel, "0.5", run=run)

    usage.fail_run(run, "no answer", usage_unknown=unknown)

    assert reserved(budget) == 0
    assert sum(spent(budget).values()) == 2 * Decimal(booked)
