"""The router's promises, for any table, any prices and any circuits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import Usage
from conversations.llm.complexity import Tier
from conversations.llm.price_list import PRICE_LIST
from conversations.llm.pricing import Price
from conversations.llm.providers import PROVIDERS
from conversations.llm.route_list import ROUTE_LIST
from conversations.llm.router import FALLBACK, Choice, Conditions, Route, Target, routes

OFF_PEAK = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PEAK = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
EXPECTED = Usage(1_500, 0, 200)
ALL = {row.name: Target(row.model) for row in PROVIDERS}


def _conditions(open_: set[str] | None = None, **values: Any) -> Conditions:
    defaults: dict[str, Any] = {
        "targets": ALL,
        "is_open": (open_ or set()).__contains__,
        "prices": PRICE_LIST,
        "latency": {},
        "now": OFF_PEAK,
    }
    return Conditions(**(defaults | values))


def _names(found: list[Route]) -> list[str]:
    return [f"{route.provider}/{route.model}" for route in found]


def _priced(**usd: str) -> list[Price]:
    """Prices of models named as their providers."""
    return [
        Price(
            provider=name,
            model=name,
            valid_from=date(2026, 1, 1),
            input=Decimal(price),
            cached=None,
            output=Decimal(price),
        )
        for name, price in usd.items()
    ]


def test_our_own_table_leaves_no_provider_out_and_names_no_model_without_a_price() -> None:
    known = {(price.provider, price.model) for price in PRICE_LIST}

    assert {choice.provider for choice in ROUTE_LIST} == {row.name for row in PROVIDERS}
    assert {choice.tier for choice in ROUTE_LIST} == set(Tier)
    assert [c for c in ROUTE_LIST if c.model and (c.provider, c.model) not in known] == []


def test_a_complex_message_goes_to_the_strong_models_first() -> None:
    found = routes(ROUTE_LIST, tier=Tier.COMPLEX, expected=EXPECTED, conditions=_conditions())

    assert _names(found)[:3] == [
        "gemini/gemini-3.8-flash",
        "openai/gpt-6.1-terra",
        "openrouter/openai/gpt-5.4-mini",
    ]


def test_simple_messages_go_to_the_cheapest_model_and_the_rest_follows_tier_by_tier() -> None:
    found = routes(ROUTE_LIST, tier=Tier.SIMPLE, expected=EXPECTED, conditions=_conditions())

    assert _names(found) == [
        "openai/gpt-6-luna",
        "deepseek/deepseek-flash",
        "gemini/gemini-3.5-flash-lite",
        "openrouter/openai/gpt-5.4-mini",
        "openai/gpt-5.4-mini",
        "gemini/gemini-3.8-flash",
        "openai/gpt-6.1-terra",
    ]


def test_each_route_says_why_it_is_there() -> None:
    conditions = _conditions({"gemini", "openrouter", "deepseek"}, latency={"openai": 1.25})

    found = routes(ROUTE_LIST, tier=Tier.MEDIUM, expected=EXPECTED, conditions=conditions)

    assert [route.reason for route in found] == [
        "for medium, about 0.002025 USD, 1.2 s",
        "for complex, in place of medium, about 0.002500 USD, 1.2 s",
        "for simple, in place of medium, about 0.000250 USD, 1.2 s",
    ]
    assert found[0].cost == Decimal("0.002025")


def test_peak_hours_change_the_order() -> None:
    table = [Choice(Tier.MEDIUM, 1, "deepseek", "deepseek-flash"), Choice(Tier.MEDIUM, 2, "rival", "rival")]
    targets = {"deepseek": Target("deepseek-flash"), "rival": Target("rival")}
    prices = [*PRICE_LIST, *_priced(rival="0.25")]

    def first(now: datetime) -> str:
        conditions = _conditions(targets=targets, prices=prices, now=now)
        return routes(table, tier=Tier.MEDIUM, expected=EXPECTED, conditions=conditions)[0].provider

    assert (first(OFF_PEAK), first(PEAK)) == ("deepseek", "rival")


def test_a_long_prompt_changes_the_order_where_a_model_charges_more_for_it() -> None:
    small, large = _priced(a="1", b="2")
    prices = [small, large, *(_dear_context(price) for price in _priced(a="5"))]
    conditions = _conditions(targets={"a": Target("a"), "b": Target("b")}, prices=prices)
    table = [Choice(Tier.MEDIUM, 1, "a"), Choice(Tier.MEDIUM, 1, "b")]

    def first(tokens: int) -> str:
        return routes(table, tier=Tier.MEDIUM, expected=Usage(tokens), conditions=conditions)[0].provider

    assert (first(1_000), first(200_000)) == ("a", "b")


def _dear_context(price: Price) -> Price:
    return replace(price, from_input_tokens=128_000)


def test_a_slow_model_gives_way_to_one_that_costs_about_the_same() -> None:
    table = [Choice(Tier.SIMPLE, 1, "a"), Choice(Tier.SIMPLE, 2, "b")]
    targets = {"a": Target("a"), "b": Target("b")}

    def order(latency: Mapping[str, float], **usd: str) -> list[str]:
        conditions = _conditions(targets=targets, prices=_priced(**usd), latency=latency)
        return [r.provider for r in routes(table, tier=Tier.SIMPLE, expected=EXPECTED, conditions=conditions)]

    assert order({"a": 6.0, "b": 1.0}, a="0.10", b="0.11") == ["b", "a"]
    assert order({"a": 6.0, "b": 1.0}, a="0.10", b="5.00") == ["a", "b"]
    assert order({"a": 1.0}, a="0.10", b="0.10") == ["b", "a"]


def test_a_provider_with_a_model_of_its_own_gets_no_other() -> None:
    conditions = _conditions(targets={"openai": Target("llama", fixed=True)})

    found = routes(ROUTE_LIST, tier=Tier.SIMPLE, expected=EXPECTED, conditions=conditions)

    assert _names(found) == ["openai/llama"]
    assert found[0].reason == "for simple, price unknown"


def test_with_every_circuit_open_there_is_no_route() -> None:
    conditions = _conditions(set(ALL))

    assert routes(ROUTE_LIST, tier=Tier.COMPLEX, expected=EXPECTED, conditions=conditions) == []


names = st.sampled_from(["a", "b", "c", "d"])
choices = st.builds(
    Choice,
    tier=st.sampled_from(Tier),
    position=st.integers(1, 5),
    provider=names,
    model=st.sampled_from(["", "a", "b", "x"]),
)
worlds = st.builds(
    _conditions,
    st.sets(names),
    targets=st.dictionaries(names, st.builds(Target, st.sampled_from(["a", "b"]), st.booleans())),
    prices=st.dictionaries(names, st.sampled_from(["0.1", "0.5", "2"])).map(lambda usd: _priced(**usd)),
    latency=st.dictionaries(names, st.floats(0, 100)),
    now=st.sampled_from([OFF_PEAK, PEAK]),
)
tables = st.lists(choices, max_size=12)


@given(tables, st.sampled_from(Tier), worlds)
def test_only_configured_providers_with_a_closed_circuit_are_routed_to_and_all_of_them(
    table: list[Choice], tier: Tier, world: Conditions
) -> None:
    found = routes(table, tier=tier, expected=EXPECTED, conditions=world)

    usable = {c.provider for c in table if c.provider in world.targets and not world.is_open(c.provider)}
    assert {route.provider for route in found} == usable


@given(tables, st.sampled_from(Tier), worlds)
def test_no_model_is_asked_twice_and_every_route_has_a_reason(
    table: list[Choice], tier: Tier, world: Conditions
) -> None:
    found = routes(table, tier=tier, expected=EXPECTED, conditions=world)

    assert len(set(_names(found))) == len(found)
    assert all(route.reason for route in found)


@given(tables, st.sampled_from(Tier), worlds)
def test_the_tiers_come_in_the_order_of_the_fallback_chain(
    table: list[Choice], tier: Tier, world: Conditions
) -> None:
    steps = [
        FALLBACK[tier].index(r.tier) for r in routes(table, tier=tier, expected=EXPECTED, conditions=world)
    ]

    assert steps == sorted(steps)


@given(tables, st.sampled_from(Tier), worlds)
def test_within_a_tier_a_cheaper_model_comes_first_when_none_is_measured_slow(
    table: list[Choice], tier: Tier, world: Conditions
) -> None:
    quick = _conditions(targets=world.targets, is_open=world.is_open, prices=world.prices, now=world.now)
    found = routes(table, tier=tier, expected=EXPECTED, conditions=quick)

    for step in Tier:
        costs = [route.cost for route in found if route.tier is step]
        known = [cost for cost in costs if cost is not None]
        assert costs[: len(known)] == sorted(known)


@given(tables, st.sampled_from(Tier), worlds, names)
def test_an_opening_circuit_moves_nobody_else(
    table: list[Choice], tier: Tier, world: Conditions, gone: str
) -> None:
    before = routes(table, tier=tier, expected=EXPECTED, conditions=world)
    without = _conditions(
        targets=world.targets,
        is_open=lambda name: name == gone or world.is_open(name),
        prices=world.prices,
        latency=world.latency,
        now=world.now,
    )

    after = routes(table, tier=tier, expected=EXPECTED, conditions=without)

    assert after == [route for route in before if route.provider != gone]
