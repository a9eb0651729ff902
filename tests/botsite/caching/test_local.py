"""The level within the process: its bounds, and what it forgets."""

import pytest

from botsite.caching.layers import CATEGORIES, CLIENT_DATA, FUNCTION_RESULT, INVENTORY, QR, Layer
from botsite.caching.local import ENTRY_OVERHEAD, LocalLevel
from botsite.caching.missing import MISSING
from tests.processes import wait_until

KEY = "shop:1"
FEW = Layer("few", ("channel", "user"), ttl=60, local_entries=2)
BRIEF = Layer("brief", ("channel", "user"), ttl=0.05)
BRIEF_HERE = Layer("brief_here", ("channel", "user"), ttl=60, local_ttl=0.05)


@pytest.fixture
def local() -> LocalLevel:
    return LocalLevel(limit=lambda: 10_000)


def put(local: LocalLevel, layer: Layer, key: str, value: object = "value", *, size: int = 10) -> None:
    local.put(layer, key, value, size=size, generation=local.generation(layer))


def test_the_least_recently_used_entry_of_a_full_layer_goes_first(local: LocalLevel) -> None:
    put(local, FEW, "a")
    put(local, FEW, "b")
    local.get(FEW, "a")
    put(local, FEW, "c")

    assert [local.get(FEW, key) is not MISSING for key in "abc"] == [True, False, True]


def test_all_layers_together_stay_below_the_limit_and_the_fullest_gives_way(local: LocalLevel) -> None:
    put(local, CATEGORIES, "shop", size=2000)
    for number in range(8):
        put(local, CLIENT_DATA, f"shop:{number}", size=1000)
        assert local.figures()["bytes"] <= 10_000

    assert local.get(CATEGORIES, "shop") == "value"
    assert local.get(CLIENT_DATA, "shop:0") is MISSING
    assert local.get(CLIENT_DATA, "shop:7") == "value"


def test_a_value_larger_than_everything_is_not_kept_and_throws_nothing_out(local: LocalLevel) -> None:
    put(local, CLIENT_DATA, "shop:1")
    put(local, CLIENT_DATA, "shop:2", size=20_000)

    assert local.get(CLIENT_DATA, "shop:1") == "value"
    assert local.get(CLIENT_DATA, "shop:2") is MISSING


def test_bytes_are_given_back_whichever_way_an_entry_goes(local: LocalLevel) -> None:
    put(local, CLIENT_DATA, KEY, size=100)
    put(local, CLIENT_DATA, KEY, size=50)
    assert local.figures() == {
        "entries": 1,
        "bytes": 50 + len(KEY) + ENTRY_OVERHEAD,
        "limitBytes": 10_000,
    }
    put(local, BRIEF, KEY)
    wait_until(lambda: local.get(BRIEF, KEY) is MISSING)
    local.forget(CLIENT_DATA.name, KEY)
    local.forget(CLIENT_DATA.name, KEY)

    assert local.figures()["bytes"] == 0
    put(local, CLIENT_DATA, KEY)
    local.clear()
    assert local.figures()["bytes"] == 0


@pytest.mark.parametrize("layer", [BRIEF, BRIEF_HERE])
def test_an_entry_lives_for_the_shorter_of_its_two_times(local: LocalLevel, layer: Layer) -> None:
    put(local, layer, KEY)

    assert local.get(layer, KEY) == "value"
    wait_until(lambda: local.get(layer, KEY) is MISSING)


def test_a_layer_without_entries_keeps_none(local: LocalLevel) -> None:
    put(local, QR, KEY)

    assert local.get(QR, KEY) is MISSING


@pytest.mark.parametrize("pattern", [KEY, "shop:*", "*:*"])
def test_what_was_read_before_a_forgetting_is_not_kept_after_it(local: LocalLevel, pattern: str) -> None:
    before = local.generation(CLIENT_DATA)
    local.forget(CLIENT_DATA.name, pattern)
    local.put(CLIENT_DATA, KEY, "old", size=10, generation=before)

    assert local.get(CLIENT_DATA, KEY) is MISSING


def test_what_was_read_before_everything_was_forgotten_is_not_kept(local: LocalLevel) -> None:
    before = local.generation(CLIENT_DATA)
    local.clear()
    local.put(CLIENT_DATA, KEY, "old", size=10, generation=before)

    assert local.get(CLIENT_DATA, KEY) is MISSING


def test_a_forgetting_in_one_layer_lets_fills_of_others_be_kept(local: LocalLevel) -> None:
    before = local.generation(CLIENT_DATA)
    local.forget(INVENTORY.name, "*:*")
    local.put(CLIENT_DATA, KEY, "value", size=10, generation=before)

    assert local.get(CLIENT_DATA, KEY) == "value"


def test_a_wildcard_stands_for_one_part(local: LocalLevel) -> None:
    keys = [
        FUNCTION_RESULT.key({"channel": channel, "function": function, "digest": "d"})
        for channel, function in (
            ("shop", "stock"),
            ("shop", "price"),
            ("shop2", "stock"),
            ("a", "shop:stock"),
        )
    ]
    for key in keys:
        put(local, FUNCTION_RESULT, key)

    local.forget("function_result", FUNCTION_RESULT.matching({"function": "stock"}))

    assert [local.get(FUNCTION_RESULT, key) is MISSING for key in keys] == [True, False, True, False]
