"""Costs: exact, dated, and honest about what is not known."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import Usage
from conversations.llm.price_list import PRICE_LIST
from conversations.llm.pricing import Price, baseline_usd, cost_usd, find_price

SATURDAY = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def _price(**values: Any) -> Price:
    defaults: dict[str, Any] = {
        "provider": "p",
        "model": "m",
        "valid_from": date(2026, 1, 1),
        "input": Decimal(1),
        "cached": Decimal("0.1"),
        "output": Decimal(2),
    }
    return Price(**(defaults | values))


def _cost(provider: str, model: str, usage: Usage, at: datetime = SATURDAY) -> Decimal | None:
    return cost_usd(PRICE_LIST, provider=provider, model=model, usage=usage, at=at)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "cost"),
    [
        ("openai", "gpt-5.4-mini", Usage(1_000_000, 0, 0), "0.75"),
        ("openai", "gpt-5.4-mini", Usage(1_000_000, 400_000, 100_000), "0.93"),
        ("openai", "gpt-5.4-mini-2026-08-01", Usage(0, 0, 1_000_000), "4.50"),
        ("gemini", "gemini-3.5-flash-lite", Usage(2, 0, 1), "0.0000031"),
        ("openai", "gpt-5.4-mini", Usage(0, 0, 0), "0"),
    ],
)
def test_cached_input_is_priced_apart(provider: str, model: str, usage: Usage, cost: str) -> None:
    assert _cost(provider, model, usage) == Decimal(cost)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", ""),
        ("openai", "some-model"),
        ("openai", "gpt-5.4-minimal"),
        ("gemini", "gpt-5.4-mini"),
        ("offline", ""),
    ],
)
def test_an_unknown_model_has_no_cost(provider: str, model: str) -> None:
    assert _cost(provider, model, Usage(10, 0, 10)) is None


def test_before_the_first_price_was_valid_there_is_none() -> None:
    last_day = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)

    assert _cost("openai", "gpt-6-luna", Usage(1, 0, 0), last_day) is None
    assert _cost("openai", "gpt-6-luna", Usage(1, 0, 0), last_day + timedelta(seconds=1)) is not None


def test_a_new_price_counts_from_its_day_on_by_utc() -> None:
    million = Usage(1_000_000, 1_000_000, 0)
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    in_bogota = timezone(timedelta(hours=-5))

    assert _cost("gemini", "gemini-3.8-flash", million, new_year - timedelta(seconds=1)) == Decimal("0.075")
    # Its cached input has no price of its own.
    assert _cost("gemini", "gemini-3.8-flash", million, new_year) == Decimal("1.50")
    assert _cost(
        "gemini", "gemini-3.8-flash", million, datetime(2026, 12, 31, 19, 0, tzinfo=in_bogota)
    ) == Decimal("1.50")


@pytest.mark.parametrize(
    ("day", "clock", "cost"),
    [
        (23, "00:59", "0.15"),
        (23, "01:00", "0.30"),
        (23, "03:59", "0.30"),
        (23, "04:00", "0.15"),
        (23, "06:00", "0.30"),
        (23, "09:59", "0.30"),
        (23, "10:00", "0.15"),
        (27, "01:00", "0.30"),
        (28, "01:00", "0.15"),
        (29, "07:00", "0.15"),
    ],
)
def test_deepseek_costs_double_in_its_peak_hours_from_monday_to_friday(
    day: int, clock: str, cost: str
) -> None:
    at = datetime.combine(date(2026, 11, day), time.fromisoformat(clock), tzinfo=UTC)

    assert _cost("deepseek", "deepseek-flash", Usage(1_000_000, 0, 0), at) == Decimal(cost)


@pytest.mark.parametrize(
    ("hours", "holds"), [(21, False), (22, True), (25, True), (26, False), (46, False), (49, False)]
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(hours: int, holds: bool) -> None:
    price = _price(weekdays="1", starts_at=time(22), ends_at=time(2))

    assert price.holds_at(MONDAY + timedelta(hours=hours)) is holds


def test_a_long_prompt_has_the_price_of_the_largest_context_it_reaches() -> None:
    prices = [
        _price(),
        _price(from_input_tokens=128_000, input=Decimal(3)),
        _price(from_input_tokens=256_000, input=Decimal(5)),
    ]

    def input_price(tokens: int) -> Decimal:
        found = find_price(prices, provider="p", model="m", at=MONDAY, input_tokens=tokens)
        assert found is not None
        return found.input

    assert [input_price(tokens) for tokens in (0, 127_999, 128_000, 256_000, 10**9)] == [1, 1, 3, 5, 5]


def test_a_new_list_replaces_the_old_one_with_its_peak_hours() -> None:
    old_peak = _price(input=Decimal(9), starts_at=time(0), ends_at=time(23))
    new = _price(valid_from=date(2026, 2, 1), input=Decimal(4))

    assert find_price([_price(), old_peak, new], provider="p", model="m", at=MONDAY) is new


def test_the_longest_family_name_wins() -> None:
    prices = [_price(model="m"), _price(model="m-mini"), _price(model="m-mini-extra")]

    found = find_price(prices, provider="p", model="m-mini-2026", at=MONDAY)

    assert found is prices[1]


def test_a_provider_that_counts_cached_tokens_apart_gives_no_negative_cost() -> None:
    assert _price().cost(Usage(10, 1_000_000, 0)) == Decimal("0.1")


def test_the_baseline_is_the_dearest_of_the_models_whose_price_is_known() -> None:
    models = [("openai", "gpt-6-luna"), ("openai", "gpt-6.1-terra"), ("openrouter", "unheard-of")]
    usage = Usage(1_000_000, 0, 0)

    assert baseline_usd(PRICE_LIST, models=models, usage=usage, at=SATURDAY) == Decimal("1.00")
    assert baseline_usd(PRICE_LIST, models=models[2:], usage=usage, at=SATURDAY) is None


tokens = st.integers(0, 10**9)


@given(tokens, tokens, tokens, st.integers(0, 10**8), st.sampled_from(PRICE_LIST))
def test_every_known_model_has_a_price_at_any_instant_and_no_cost_is_negative(
    input_tokens: int, cached: int, output: int, seconds: int, price: Price
) -> None:
    at = datetime.combine(price.valid_from, time(), tzinfo=UTC) + timedelta(seconds=seconds)

    cost = _cost(price.provider, price.model, Usage(input_tokens, cached, output), at)

    assert cost is not None
    assert cost >= 0
