"""Prices and counts are read as people write them, and nothing is guessed."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.shop.services.csv_values import BadCell, amount_of, count_of, flag_of

PRICES = st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12"),
        ("12.5", "12.50"),
        ("12,5", "12.50"),
        ("12,50", "12.50"),
        (",5", "0.50"),
        ("0.500", "0.50"),
        ("12.900", "12900"),
        ("12,900", "12900"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("12.5000", "12.50"),
        ("$ 12.900", "12900"),
        ("$12.900", "12900"),
        ("US$ 5", "5"),
        ("S/ 3.20", "3.20"),
        ("COP\xa012.900", "12900"),
        ("12,50 €", "12.50"),
        ("12.50 USD", "12.50"),
        ("00012", "12"),
    ],
)
def test_a_price_is_read_as_it_is_meant(text: str, amount: str) -> None:
    assert amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "$",
        "-5",
        "1,234,56",
        "1.23.4",
        "12.345,678",
        "1.2345",
        "1e5",
        "NaN",
        "12 50",
        "٣",
        "9" * 400,
        "1.234.56",
        "1,23,456",
        ".",
        ",",
        "1..5",
        "5%",
    ],
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        amount_of(text)


@given(PRICES)
def test_every_price_survives_both_ways_of_writing_it(price: Decimal) -> None:
    english = f"{price:,.2f}"
    spanish = english.translate(str.maketrans(",.", ".,"))

    assert amount_of(english) == amount_of(spanish) == amount_of(f"{price:f}") == price


@given(st.text(max_size=40))
def test_any_text_is_an_amount_or_a_clear_error(text: str) -> None:
    with suppress(BadCell):
        amount = amount_of(text)
        assert amount >= 0
        assert amount.as_tuple().exponent == -2


@pytest.mark.parametrize(("text", "count"), [("", None), ("0", 0), ("12", 12), ("1.000", 1000), ("7,0", 7)])
def test_a_count_is_whole_or_missing(text: str, count: int | None) -> None:
    assert count_of(text) == count


@pytest.mark.parametrize("text", ["-1", "1,5", "many", "1/2"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        count_of(text)


@pytest.mark.parametrize(
    ("text", "flag"),
    [("Sí", True), ("si", True), ("1", True), ("", True), ("YES", True), ("No", False), ("0", False)],
)
def test_yes_and_no_in_both_languages(text: str, flag: bool) -> None:
    assert flag_of(text) is flag


def test_perhaps_is_refused() -> None:
    with pytest.raises(BadCell):
        flag_of("tal vez")
