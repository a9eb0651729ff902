"""The table of layers and their keys."""

import pytest

from botsite.caching import (
    CHANNEL,
    CLIENT_DATA,
    DASHBOARD,
    FUNCTION_RESULT,
    LAYERS,
    MODEL_TABLES,
    PAST_COSTS,
    Layer,
)

HOUR = 3600


def test_the_table_has_the_times_that_were_agreed_on() -> None:
    assert {name: layer.ttl for name, layer in LAYERS.items()} == {
        "client_data": 12 * HOUR,
        "session": 2 * HOUR,
        "ai_response": 24 * HOUR,
        "answer_state": 10 * 60,
        "categories": 30 * 60,
        "product_search": 15 * 60,
        "conversation": HOUR,
        "inventory": 5 * 60,
        "function_result": 10 * 60,
        "qr": 60,
        "status": 120,
        "connection": 30,
        "session_info": 300,
        "channel": 30,
        "model_tables": 30,
        "budgets": 30,
        "past_costs": HOUR,
        "dashboard": 10,
    }
    assert CLIENT_DATA.local_entries == 1000


SHARED = (MODEL_TABLES, PAST_COSTS, DASHBOARD)


def test_all_channels_share_the_tables_of_models_and_figures_alone() -> None:
    assert [layer.parts for layer in SHARED] == [("table",), ("day",), ("part",)]


@pytest.mark.parametrize("layer", [layer for layer in LAYERS.values() if layer not in SHARED], ids=str)
def test_every_other_key_begins_with_its_channel(layer: Layer) -> None:
    assert layer.parts[0] == ("slug" if layer is CHANNEL else "channel")


@pytest.mark.parametrize("layer", LAYERS.values(), ids=str)
def test_a_process_believes_nothing_for_longer_than_half_a_minute(layer: Layer) -> None:
    assert layer.local_ttl <= 30


def test_only_a_models_answer_is_waited_for_longer_than_a_moment() -> None:
    assert {name for name, layer in LAYERS.items() if layer.wait_seconds > 1} == {"ai_response"}
    assert all(layer.wait_seconds < layer.fill_seconds for layer in LAYERS.values())


def test_no_part_can_pass_for_two_or_for_a_wildcard() -> None:
    parts = {"channel": "a", "function": "b", "digest": "c"}
    strange = ("a:b", "*", "?", "[ab]", "\\*", "ñ", " ", "%3A", "")
    keys = {FUNCTION_RESULT.key(parts | {"function": part}) for part in strange}

    assert len(keys) == len(strange)
    assert all(key.count(":") == 2 and not set(key) & set("*?[]\\ ") for key in keys)


def test_a_key_needs_all_its_parts_and_a_pattern_does_not() -> None:
    with pytest.raises(KeyError):
        CLIENT_DATA.key({"channel": "shop"})

    assert CLIENT_DATA.matching({"channel": "shop"}) == "shop:*"
    assert CLIENT_DATA.matching({"channel": "shop", "user": "*"}) == "shop:%2A"
