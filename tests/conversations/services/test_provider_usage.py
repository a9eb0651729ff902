"""The sums by provider: every reply once, and they never fall."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from conversations.llm.base import Usage
from conversations.models import ProviderUsage, Run, Thread
from conversations.services import turns
from conversations.services.provider_usage import SHARDS, UsageTotal, usage_book, usage_totals
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.fakes.openai_compatible import FakeOpenAI

QUESTION = "pregunta sin respuesta"
USED = Usage(input_tokens=100, cached_tokens=40, output_tokens=10)
CENT = Decimal("0.01")


def test_a_turn_is_booked_with_its_reply(live_channel: Channel, model: FakeOpenAI) -> None:
    turns.run_turn(receive(live_channel, QUESTION).pk)

    run = Run.objects.get()
    assert run.cost_usd
    assert usage_totals() == [
        UsageTotal(run.provider, run.input_tokens, run.cached_tokens, run.output_tokens, run.cost_usd, 0)
    ]


def test_an_answer_without_a_usage_has_no_cost(live_channel: Channel, model: FakeOpenAI) -> None:
    model.configure(reports_usage=False)

    turns.run_turn(receive(live_channel, QUESTION).pk)

    (total,) = usage_totals()
    assert (total.cost_usd, total.runs_without_cost) == (None, 1)


def test_an_answer_that_asked_no_model_is_not_booked(live_channel: Channel) -> None:
    turns.run_turn(receive(live_channel, "hola").pk)

    assert Run.objects.get().state == "completed"
    assert not ProviderUsage.objects.exists()


@pytest.mark.django_db
def test_shards_and_providers_add_up(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for run_id in range(2 * SHARDS):
        usage_book(run_id, provider="openai", usage=USED, cost_usd=CENT)
    usage_book(1, provider="gemini", usage=USED, cost_usd=None)
    usage_book(1, provider="gemini", usage=USED, cost_usd=CENT)
    usage_book(1, provider="gemini", usage=USED, cost_usd=None)

    assert ProviderUsage.objects.filter(provider="openai").count() == SHARDS
    with django_assert_num_queries(1):
        assert usage_totals() == [
            UsageTotal("gemini", 300, 120, 30, CENT, 2),
            UsageTotal("openai", 1600, 640, 160, 16 * CENT, 0),
        ]


@pytest.mark.django_db
def test_what_is_rolled_back_was_not_used() -> None:
    with transaction.atomic():
        usage_book(1, provider="openai", usage=USED, cost_usd=CENT)
        transaction.set_rollback(True)

    assert usage_totals() == []


@pytest.mark.django_db
def test_deleted_runs_stay_in_the_sums(live_channel: Channel, model: FakeOpenAI) -> None:
    turns.run_turn(receive(live_channel, QUESTION).pk)
    before = usage_totals()

    Run.objects.all().delete()

    assert usage_totals() == before


def test_the_migration_books_the_runs_of_before(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    booked = usage_totals()
    thread = Thread.objects.get()
    Run.objects.create(thread=thread, epoch=0, state="completed", provider="offline", cost_usd=None)
    Run.objects.create(thread=thread, epoch=0, state="failed", usage_unknown=True)
    ProviderUsage.objects.all().delete()

    migration = import_module("conversations.migrations.0016_provider_usage")
    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)

    assert usage_totals() == booked
