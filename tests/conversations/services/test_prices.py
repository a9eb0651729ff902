"""Prices and routes as staff keep them: read rarely, believed at once where they were changed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.caching import process
from conversations.llm.base import Usage
from conversations.llm.complexity import Tier
from conversations.llm.price_list import PRICE_LIST
from conversations.llm.pricing import Price
from conversations.llm.route_list import ROUTE_LIST
from conversations.llm.router import Choice
from conversations.models import ModelPrice, RouteChoice, RouteTier
from conversations.services import prices
from tests.conversations.services.books_process import BooksProcess
from tests.processes import wait_until

# What is remembered is forgotten when the writer commits.
pytestmark = pytest.mark.django_db(transaction=True)
MILLION = Usage(1_000_000, 0, 0)


@pytest.fixture(autouse=True)
def _empty_tables(transactional_db: None) -> None:
    ModelPrice.objects.all().delete()
    RouteChoice.objects.all().delete()


def _price(**values: Any) -> ModelPrice:
    defaults = {
        "provider": "openai",
        "model": "m",
        "valid_from": date(2026, 1, 1),
        "input": Decimal(1),
        "output": Decimal(2),
    }
    return ModelPrice(**(defaults | values))


def test_the_migration_fills_the_tables_with_what_we_know() -> None:
    loader = MigrationLoader(connection)
    names = loader.disk_migrations.items()
    (migration,) = (found for (_, name), found in names if name.endswith("_model_prices"))
    (filling,) = (operation for operation in migration.operations if isinstance(operation, RunPython))

    filling.code(loader.project_state().apps, connection.schema_editor())

    assert set(prices.current_prices()) == set(PRICE_LIST)
    assert set(prices.current_routes()) == set(ROUTE_LIST)
    assert ModelPrice.objects.count() == len(PRICE_LIST)
    for row in [*ModelPrice.objects.all(), *RouteChoice.objects.all()]:
        row.full_clean()


def test_empty_tables_stand_for_what_we_know() -> None:
    assert prices.current_prices() == PRICE_LIST
    assert prices.current_routes() == ROUTE_LIST


def test_a_row_becomes_a_price_field_by_field() -> None:
    values: dict[str, Any] = {
        "provider": "deepseek",
        "model": "deepseek-flash",
        "valid_from": date(2026, 11, 1),
        "input": Decimal("0.30"),
        "cached": None,
        "output": Decimal("1.20"),
        "from_input_tokens": 128_000,
        "weekdays": "12345",
        "starts_at": datetime(2026, 1, 1, 6, tzinfo=UTC).time(),
        "ends_at": datetime(2026, 1, 1, 10, tzinfo=UTC).time(),
    }
    ModelPrice.objects.create(**values)

    assert prices.current_prices() == (Price(**values),)


def test_an_inactive_route_is_none() -> None:
    RouteChoice.objects.create(tier=RouteTier.SIMPLE, provider="openai", model="m", position=2)
    RouteChoice.objects.create(tier=RouteTier.SIMPLE, provider="gemini", is_active=False)

    assert prices.current_routes() == (Choice(Tier.SIMPLE, 2, "openai", "m"),)


def test_with_every_route_inactive_there_is_none() -> None:
    RouteChoice.objects.create(tier=RouteTier.SIMPLE, provider="gemini", is_active=False)

    assert prices.current_routes() == ()


def test_prices_are_read_once_and_then_remembered(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        prices.current_prices()
        prices.current_routes()
    with django_assert_num_queries(0):
        prices.current_prices()
        prices.current_routes()
        prices.cost_usd(provider="openai", model="gpt-6-luna", usage=MILLION)


def test_a_changed_and_a_deleted_row_count_at_once() -> None:
    row = _price()
    row.save()
    route = RouteChoice.objects.create(tier=RouteTier.SIMPLE, provider="openai", model="m")
    assert [price.input for price in prices.current_prices()] == [1]
    assert len(prices.current_routes()) == 1

    row.input = Decimal(5)
    row.save()
    assert [price.input for price in prices.current_prices()] == [5]

    row.delete()
    route.delete()
    assert (prices.current_prices(), prices.current_routes()) == (PRICE_LIST, ROUTE_LIST)


def test_a_change_that_is_rolled_back_was_never_seen() -> None:
    _price().save()

    with transaction.atomic():
        ModelPrice.objects.get().delete()
        transaction.set_rollback(True)

    assert [price.input for price in prices.current_prices()] == [1]


def test_a_change_made_in_another_process_is_seen_in_this_one(books: BooksProcess) -> None:
    _price().save()
    assert [price.input for price in prices.current_prices()] == [1]
    assert books.ask("prices") == ["1.000000"]

    books.ask("set_prices", "5")
    wait_until(lambda: [price.input for price in prices.current_prices()] == [5])

    row = ModelPrice.objects.get()
    row.input = Decimal(7)
    row.save()
    wait_until(lambda: books.ask("prices") == ["7.000000"])


def test_without_redis_prices_are_read_every_time_and_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    _price().save()
    assert [price.input for price in prices.current_prices()] == [1]
    monkeypatch.setattr(process.listener, "hears", lambda: False)
    ModelPrice.objects.update(input=5)

    assert [price.input for price in prices.current_prices()] == [5]


def test_the_baseline_is_the_dearest_model_that_may_be_asked(settings: Settings) -> None:
    settings.OPENAI_API_KEY = settings.DEEPSEEK_API_KEY = "sk-test"
    for tier, provider, model, usd in (
        (RouteTier.SIMPLE, "openai", "small", 1),
        (RouteTier.COMPLEX, "openai", "large", 9),
        (RouteTier.COMPLEX, "gemini", "without-a-key", 50),
        (RouteTier.MEDIUM, "deepseek", "middling", 4),
    ):
        RouteChoice.objects.create(tier=tier, provider=provider, model=model)
        _price(provider=provider, model=model, input=Decimal(usd)).save()
    _price(provider="openai", model="asked", input=Decimal(12)).save()

    assert _baseline("small") == 9
    assert _baseline("asked") == 12

    settings.OPENAI_MODEL = "small"  # the operator's choice: no other is asked of it
    assert _baseline("small") == 4


def _baseline(model: str) -> Decimal | None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    return prices.baseline_usd("openai", model, usage=MILLION, at=at)


def test_a_call_costs_what_was_valid_when_it_was_made() -> None:
    _price(input=Decimal(1)).save()
    _price(input=Decimal(3), valid_from=date(2026, 6, 1)).save()

    def cost(*day: int) -> Decimal | None:
        at = datetime(*day, tzinfo=UTC)  # type: ignore[misc, arg-type]
        return prices.cost_usd(provider="openai", model="m", usage=MILLION, at=at)

    assert [cost(2025, 12, 31), cost(2026, 5, 31), cost(2026, 6, 1)] == [None, 1, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": "01:00"},
        {"ends_at": "01:00"},
        {"starts_at": "01:00", "ends_at": "01:00"},
        {"weekdays": "1-5"},
        {"weekdays": "8"},
        {"input": Decimal("-0.1")},
        {"cached": Decimal(-1)},
        {"output": Decimal(-1)},
        {"from_input_tokens": -1},
    ],
)
def test_a_price_that_means_nothing_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _price(**values).full_clean()


@pytest.mark.parametrize("window", [{}, {"starts_at": "01:00", "ends_at": "04:00"}])
def test_two_prices_for_the_same_time_are_refused(window: dict[str, str]) -> None:
    _price(**window).save()

    with pytest.raises(ValidationError):
        _price(**window).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        _price(**window).save()
    _price(**window, from_input_tokens=1).save()


def test_a_route_stands_in_a_tier_once() -> None:
    RouteChoice.objects.create(tier=RouteTier.SIMPLE, provider="openai", model="m")

    with pytest.raises(ValidationError):
        RouteChoice(tier=RouteTier.SIMPLE, provider="openai", model="m").full_clean()
    with pytest.raises(ValidationError):
        RouteChoice(tier=RouteTier.SIMPLE, provider="nobody").full_clean()
    RouteChoice(tier=RouteTier.COMPLEX, provider="openai", model="m").full_clean()
