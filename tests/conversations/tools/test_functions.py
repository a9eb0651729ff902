"""Each function: what it does, what it tells the model, and what it is refused."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from botsite.telemetry.instruments import INSTRUMENTS
from conversations.llm.base import ToolCall
from conversations.shop.models import CartItem, Order, Product
from conversations.shop.refusals import Refusal
from conversations.tools.cart_lines import cart_lines
from conversations.tools.refusals import SENTENCES
from conversations.tools.table import TOOLS
from conversations.tools.toolbox import MOST_CALLS_A_TURN, Toolbox, for_turn
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.conversations.shop.builders import make_product
from tests.conversations.tools.builders import call, context_of, turn_of, unfenced
from tests.recording import RecordedMetrics


@pytest.fixture
def bread(channel: Channel) -> Product:
    return make_product(
        channel, "Pan integral", sku="PAN", category="Panadería", price=Decimal("2.50"), stock=10
    )


@pytest.fixture
def toolbox(channel: Channel, bread: Product) -> Toolbox:
    return turn_of(channel)


PAN_LINE = {"sku": "PAN", "name": "Pan integral", "quantity": 2, "price": "5.00 USD"}


def test_products_are_found_with_price_and_availability(toolbox: Toolbox) -> None:
    assert call(toolbox, "search_products", text="pan") == {
        "products": [
            {
                "sku": "PAN",
                "name": "Pan integral",
                "category": "Panadería",
                "price": "2.50 USD",
                "available": True,
                "description": "",
            }
        ]
    }
    assert call(toolbox, "search_products", text="bicicleta") == {"products": []}
    assert call(toolbox, "search_products", category="panaderia")["products"][0]["sku"] == "PAN"


def test_categories_are_listed(toolbox: Toolbox) -> None:
    assert call(toolbox, "categories") == {"categories": [{"name": "Panadería", "products": 1}]}


def test_the_stock_of_a_product_is_told(toolbox: Toolbox, channel: Channel) -> None:
    make_product(channel, "Agua", sku="AGUA")

    assert call(toolbox, "product_stock", sku="PAN")["in_stock"] == 10
    assert call(toolbox, "product_stock", sku="AGUA")["in_stock"] == "enough"


def test_a_cart_is_filled_shown_and_emptied(toolbox: Toolbox) -> None:
    added = call(toolbox, "cart_add", sku="PAN", quantity=2)

    assert added == {"cart": [PAN_LINE], "total": "5.00 USD"}
    assert call(toolbox, "cart_show") == added
    assert call(toolbox, "cart_remove", sku="PAN", quantity=1)["total"] == "2.50 USD"
    assert call(toolbox, "cart_remove", sku="PAN") == {"cart": [], "total": None}
    call(toolbox, "cart_add", sku="PAN")
    assert call(toolbox, "cart_empty") == {"cart": [], "total": None}


def test_an_order_is_placed_and_tracked(toolbox: Toolbox) -> None:
    call(toolbox, "cart_add", sku="PAN", quantity=2)

    placed = call(toolbox, "place_order", note="sin bolsa")

    assert (placed["order_number"], placed["state"], placed["total"]) == (1, "placed", "5.00 USD")
    assert placed["items"] == [PAN_LINE]
    assert Order.objects.get().note == "sin bolsa"
    assert call(toolbox, "track_order") == placed
    assert call(toolbox, "track_order", number=1) == placed


def test_a_person_is_asked_for(toolbox: Toolbox) -> None:
    told = call(toolbox, "hand_over_to_person")

    assert "person" in told["done"]
    assert toolbox.wants_person
    assert toolbox.used == ["hand_over_to_person"]


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("product_stock", {"sku": "NADA"}, "product_unknown"),
        ("cart_add", {"sku": "NADA"}, "product_unknown"),
        ("cart_add", {"sku": "PAN", "quantity": 11}, "out_of_stock"),
        ("cart_remove", {"sku": "PAN"}, "not_in_cart"),
        ("place_order", {}, "cart_empty"),
        ("track_order", {"number": 99}, "order_unknown"),
    ],
)
def test_a_refusal_is_told_plainly(
    toolbox: Toolbox, recorded: RecordedMetrics, name: str, arguments: dict[str, Any], reason: str
) -> None:
    told = call(toolbox, name, **arguments)

    assert told["refused"] == reason
    assert told["why"] == SENTENCES[Refusal(reason)]
    assert recorded.total("function_calls_total", name, "refused") == 1


def test_what_is_short_is_told_with_a_refusal(toolbox: Toolbox) -> None:
    told = call(toolbox, "cart_add", sku="PAN", quantity=11)

    assert told["items"] == [{"sku": "PAN", "name": "Pan integral", "available": 10}]


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Refusal)


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("cart_add", {}, "sku: Field required"),
        ("cart_add", {"sku": ""}, "sku: String should have at least 1 character"),
        ("cart_add", {"sku": "PAN", "quantity": 0}, "quantity: Input should be greater than or equal to 1"),
        ("cart_add", {"sku": "PAN", "quantity": "many"}, "quantity: Input should be a valid integer"),
        ("cart_add", {"sku": ["PAN"]}, "sku: Input should be a valid string"),
        ("cart_add", {"sku": "PAN", "customer": "573009999999"}, "customer: Extra inputs are not permitted"),
        ("place_order", {"to": "573009999999"}, "to: Extra inputs are not permitted"),
        ("track_order", {"number": 10**30}, "number: Input should be less than or equal to 2147483647"),
        ("search_products", {"text": "x" * 500}, "text: String should have at most 200 characters"),
    ],
)
def test_invalid_arguments_are_an_error_that_does_not_repeat_them(
    toolbox: Toolbox, recorded: RecordedMetrics, name: str, arguments: dict[str, Any], problem: str
) -> None:
    told = call(toolbox, name, **arguments)

    assert told["error"].startswith(f"Not done: {problem}")
    assert "573009999999" not in told["error"]
    assert recorded.total("function_calls_total", name, "invalid") == 1
    assert call(toolbox, "cart_show")["cart"] == []


def test_an_integer_written_as_text_is_understood(toolbox: Toolbox) -> None:
    assert call(toolbox, "cart_add", sku="PAN", quantity="2")["cart"] == [PAN_LINE]


def test_arguments_that_could_not_be_read_are_an_error(toolbox: Toolbox) -> None:
    told = toolbox.run(ToolCall("call_1", "cart_empty", problem="the arguments are not valid JSON"))

    assert unfenced(told) == {"error": "Not done: the arguments are not valid JSON."}


def test_an_unknown_function_is_told_which_there_are(toolbox: Toolbox, recorded: RecordedMetrics) -> None:
    told = call(toolbox, "delete_everything")

    assert told["error"].startswith("There is no such function. There are: search_products, categories")
    assert recorded.total("function_calls_total", "unknown", "unknown") == 1


def test_too_many_calls_are_not_made(toolbox: Toolbox) -> None:
    for _ in range(MOST_CALLS_A_TURN):
        assert "error" not in call(toolbox, "cart_show")

    assert "Too many" in call(toolbox, "cart_add", sku="PAN")["error"]
    assert not CartItem.objects.exists()


def test_what_is_the_shops_is_read_once_for_all_customers(
    channel: Channel, toolbox: Toolbox, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    call(toolbox, "search_products", text="pan")
    call(toolbox, "categories")
    call(toolbox, "product_stock", sku="PAN")
    other = turn_of(channel, sender="573000000002")

    with django_assert_num_queries(0):
        call(other, "search_products", text="pan")
        call(other, "categories")
        call(other, "product_stock", sku="PAN")


def test_another_channel_is_told_of_its_own_products(toolbox: Toolbox) -> None:
    call(toolbox, "search_products", text="pan")
    elsewhere = make_channel("elsewhere", phone_number_id="2002")

    assert call(turn_of(elsewhere), "search_products", text="pan") == {"products": []}


def test_a_changed_price_is_told_at_once(
    toolbox: Toolbox, bread: Product, django_capture_on_commit_callbacks: Any
) -> None:
    call(toolbox, "search_products", text="pan")
    with django_capture_on_commit_callbacks(execute=True):
        bread.price = Decimal("3.00")
        bread.save()

    assert call(toolbox, "search_products", text="pan")["products"][0]["price"] == "3.00 USD"


def test_orders_of_others_are_not_found(channel: Channel, toolbox: Toolbox) -> None:
    call(toolbox, "cart_add", sku="PAN")
    number = call(toolbox, "place_order")["order_number"]

    assert call(turn_of(channel, sender="573000000002"), "track_order", number=number)["refused"]


def test_other_functions_ask_for_no_person(toolbox: Toolbox) -> None:
    call(toolbox, "categories")

    assert not toolbox.wants_person


def test_calls_are_logged_without_what_was_said(
    toolbox: Toolbox, caplog: pytest.LogCaptureFixture, recorded: RecordedMetrics
) -> None:
    caplog.set_level("INFO")
    call(toolbox, "cart_add", sku="PAN")
    call(toolbox, "place_order", note="Calle 5, Ana Pérez")

    lines = [record.getMessage() for record in caplog.records if "FUNCTION_CALL" in record.getMessage()]
    assert len(lines) == 2
    assert all(part in lines[1] for part in ("place_order", "milliseconds", "ok"))
    assert not any(part in caplog.text for part in ("Ana", "Calle"))
    assert recorded.observations("function_seconds", "place_order") == 1


def test_a_fault_of_ours_costs_no_answer(
    channel: Channel, recorded: RecordedMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> bool:
        raise ValueError("the customer's own words")

    user = receive(channel, "hola", sender="573000000003")
    broken = for_turn(context_of(user, still_ours=fail))

    assert "did not work" in call(broken, "cart_show")["error"]
    assert recorded.total("function_calls_total", "cart_show", "failed") == 1
    assert "FUNCTION_FAILED" in caplog.text
    assert "test_functions.py:" in caplog.text
    assert "own words" not in caplog.text


def test_the_model_never_says_for_whom() -> None:
    allowed = {"text", "category", "sku", "quantity", "note", "number"}
    for tool in TOOLS.values():
        schema = tool.spec.parameters
        assert set(schema["properties"]) <= allowed
        assert schema["additionalProperties"] is False
        assert "title" not in str(schema)


def test_the_functions_are_the_agreed_ones(toolbox: Toolbox) -> None:
    assert [spec.name for spec in toolbox.specs] == [
        "search_products",
        "categories",
        "product_stock",
        "cart_add",
        "cart_show",
        "cart_remove",
        "cart_empty",
        "place_order",
        "track_order",
        "hand_over_to_person",
    ]
    assert INSTRUMENTS["function_calls_total"].labels == ("name", "result")


def test_where_nothing_is_sold_only_the_person_is_offered(channel: Channel) -> None:
    assert [spec.name for spec in turn_of(channel).specs] == ["hand_over_to_person"]


def test_a_catalogue_without_categories_is_one(channel: Channel) -> None:
    make_product(channel, "Pan")

    assert len(turn_of(channel).specs) == len(TOOLS)


def test_offering_functions_costs_no_query_once_the_catalogue_is_known(
    toolbox: Toolbox, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    offered = toolbox.specs

    with django_assert_num_queries(0):
        assert toolbox.specs == offered


def test_the_cart_stands_in_the_prompt(
    channel: Channel, toolbox: Toolbox, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = receive(channel, "hola")
    customer = context_of(user).customer
    call(toolbox, "cart_add", sku="PAN", quantity=2)

    with django_assert_num_queries(1):
        (line,) = cart_lines(customer)

    assert (line.quantity, line.product, line.price) == (2, "Pan integral", "5.00 USD")


def test_an_empty_cart_does_not_stand_in_the_prompt(channel: Channel) -> None:
    assert cart_lines(context_of(receive(channel, "hola")).customer) == ()
