"""What customers find: their words' forms, sounds and errors; what their shop sells, and no other's."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from conversations.shop.models import Category, Product
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services.catalogue import MOST_FOUND, categories_list, products_search
from conversations.shop.services.product_search import DESCRIPTION_SHOWN
from conversations.shop.services.stock import stock_of
from conversations.shop.values import FoundProduct, Shop
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_product, shop_of

GROCERIES = {
    "Lácteos": ("Leche entera 1 L", "Leche deslactosada 1 L", "Yogur de fresa", "Queso campesino"),
    "Granos": ("Arroz blanco 1 kg", "Frijol rojo 500 g", "Azúcar morena 1 kg", "Café molido 500 g"),
    "Panadería": ("Pan tajado", "Galletas de soda", "Panela en bloque"),
    "Frutas y verduras": ("Tomate chonto", "Plátano verde", "Cebolla roja", "Papaya"),
    "Dulces": ("Chocolate con leche",),
    "Aseo": ("Jabón de baño", "Detergente en polvo", "Champú de manzanilla"),
    "Bebidas": ("Cerveza rubia", "Huevos de chocolate", "Agua con gas"),
}


@pytest.fixture
def shop(channel: Channel) -> Shop:
    for category, names in GROCERIES.items():
        for name in names:
            make_product(channel, name, category=category)
    return shop_of(channel)


def names(found: tuple[FoundProduct, ...]) -> list[str]:
    return [product.name for product in found]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("leche", "Leche entera 1 L"),
        ("LECHE DESLACTOSADA", "Leche deslactosada 1 L"),
        ("lehce", "Leche entera 1 L"),
        ("aros", "Arroz blanco 1 kg"),
        ("arros", "Arroz blanco 1 kg"),
        ("asucar", "Azúcar morena 1 kg"),
        ("asukra", "Azúcar morena 1 kg"),
        ("cafe", "Café molido 500 g"),
        ("café", "Café molido 500 g"),
        ("tomates", "Tomate chonto"),
        ("platanos verdes", "Plátano verde"),
        ("galetas", "Galletas de soda"),
        ("cerbesa", "Cerveza rubia"),
        ("javon", "Jabón de baño"),
        ("jabones", "Jabón de baño"),
        ("detrgente", "Detergente en polvo"),
        ("shampu", "Champú de manzanilla"),
        ("cueso", "Queso campesino"),
        ("quesos", "Queso campesino"),
        ("iogur", "Yogur de fresa"),
        ("uebos", "Huevos de chocolate"),
        ("seboya", "Cebolla roja"),
        ("quiero comprar leche por favor", "Leche entera 1 L"),
        ("chocolate", "Chocolate con leche"),
    ],
)
def test_a_product_is_found_as_customers_write_it(shop: Shop, text: str, best: str) -> None:
    assert names(products_search(shop, text))[:1] == [best]


def test_what_a_name_begins_with_counts_more(shop: Shop) -> None:
    assert names(products_search(shop, "leche")) == [
        "Leche entera 1 L",
        "Leche deslactosada 1 L",
        "Chocolate con leche",
    ]


@pytest.mark.parametrize("text", ["bicicleta", "de la", "", "   ", "¿?¡!", "🙂", "\x00", "\ud800"])
def test_nothing_is_found_where_there_is_nothing(shop: Shop, text: str) -> None:
    assert products_search(shop, text) == ()


def test_a_short_word_is_no_misspelt_longer_one(shop: Shop) -> None:
    assert names(products_search(shop, "pan")) == ["Pan tajado"]
    assert "Papaya" not in names(products_search(shop, "papa"))


def test_the_name_of_a_category_finds_what_is_in_it(shop: Shop) -> None:
    assert set(names(products_search(shop, "verduras"))) == set(GROCERIES["Frutas y verduras"])


def test_a_category_narrows_the_search(shop: Shop) -> None:
    assert names(products_search(shop, "leche", category="dulce")) == ["Chocolate con leche"]
    assert names(products_search(shop, category="LACTEOS", limit=10)) == sorted(GROCERIES["Lácteos"])
    assert products_search(shop, "leche", category="Juguetes") == ()


def test_the_description_is_searched_too_and_counts_less(channel: Channel) -> None:
    make_product(channel, "Paquete familiar", description="Incluye arepas y queso")
    make_product(channel, "Arepa boyacense")

    assert names(products_search(shop_of(channel), "arepas")) == ["Arepa boyacense"]
    assert names(products_search(shop_of(channel), "incluye")) == ["Paquete familiar"]


def test_an_sku_finds_its_product_alone(channel: Channel) -> None:
    make_product(channel, "Leche", sku="A-1")
    make_product(channel, "A 1 leche")

    assert names(products_search(shop_of(channel), " A-1 ")) == ["Leche"]


def test_a_result_tells_what_a_customer_asks(channel: Channel) -> None:
    make_product(
        channel,
        "Pan",
        sku="PAN",
        price=Decimal("1234.5"),
        currency="COP",
        stock=0,
        category="Panadería",
        description="Del día",
    )

    assert products_search(shop_of(channel), "pan") == (
        FoundProduct("PAN", "Pan", "Del día", "Panadería", Decimal("1234.50"), "COP", available=False),
    )


def test_of_a_long_description_the_beginning_is_shown(channel: Channel) -> None:
    make_product(channel, "Pan", description="x" * 1000)

    assert products_search(shop_of(channel), "pan")[0].description == "x" * DESCRIPTION_SHOWN


def test_what_is_there_comes_before_what_is_sold_out(channel: Channel) -> None:
    make_product(channel, "Pan A", stock=0)
    make_product(channel, "Pan B", stock=5)

    assert names(products_search(shop_of(channel), "pan")) == ["Pan B", "Pan A"]


def test_the_limit_holds_and_has_a_bound(channel: Channel) -> None:
    for number in range(MOST_FOUND + 5):
        make_product(channel, f"Pan {number}")

    assert len(products_search(shop_of(channel), "pan", limit=3)) == 3
    assert len(products_search(shop_of(channel), "pan", limit=1000)) == MOST_FOUND
    assert len(products_search(shop_of(channel), "pan", limit=-1)) == 1


def test_a_channel_sees_its_own_before_the_common_and_nobody_elses(channel: Channel) -> None:
    make_product(None, "Pan común")
    make_product(channel, "Pan propio")
    other = make_channel("other", phone_number_id="2")
    make_product(other, "Pan ajeno")

    assert names(products_search(shop_of(channel), "pan")) == ["Pan propio", "Pan común"]
    assert names(products_search(shop_of(other), "pan")) == ["Pan ajeno", "Pan común"]


@pytest.mark.parametrize("is_active", [True, False])
def test_a_channels_own_version_takes_the_place_of_the_common_one(channel: Channel, is_active: bool) -> None:
    make_product(None, "Pan común", sku="PAN", price=Decimal(1))
    make_product(channel, "Pan propio", sku="PAN", price=Decimal(2), is_active=is_active)
    shop = shop_of(channel)

    assert names(products_search(shop, "pan")) == (["Pan propio"] if is_active else [])
    if is_active:
        assert stock_of(shop, "PAN").price == 2
    else:
        with pytest.raises(ShopRefusal) as refused:
            stock_of(shop, "PAN")
        assert refused.value.reason is Refusal.PRODUCT_UNKNOWN


def test_what_is_not_active_is_not_found(channel: Channel) -> None:
    make_product(channel, "Pan", is_active=False)

    assert products_search(shop_of(channel), "pan") == ()


def test_categories_are_counted_in_the_order_of_staff(channel: Channel) -> None:
    make_product(channel, "Pan", category="Panadería")
    make_product(channel, "Leche", category="Lácteos")
    make_product(channel, "Queso", category="Lácteos")
    make_product(channel, "Ron", category="Licores", is_active=False)
    make_product(None, "Agua", category="Bebidas")
    make_product(channel, "Secreto", category="Escondida")
    make_product(make_channel("other", phone_number_id="2"), "Ajeno", category="Ajena")
    Category.objects.filter(name="Panadería").update(position=0)
    Category.objects.filter(name="Lácteos").update(position=1)
    Category.objects.filter(name="Bebidas").update(position=2)
    Category.objects.filter(name="Escondida").update(is_active=False)

    shelves = categories_list(shop_of(channel))

    assert [(shelf.name, shelf.products) for shelf in shelves] == [
        ("Panadería", 1),
        ("Lácteos", 2),
        ("Bebidas", 1),
    ]


def test_stock_is_a_number_or_not_counted(channel: Channel) -> None:
    counted = make_product(channel, "Pan", stock=7)
    uncounted = make_product(channel, "Sal")
    shop = shop_of(channel)

    assert stock_of(shop, counted.sku).count == 7
    assert stock_of(shop, f" {uncounted.sku}\x00").count is None
    with pytest.raises(ShopRefusal) as refused:
        stock_of(shop, "nothing")
    assert (refused.value.reason, refused.value.details) == (Refusal.PRODUCT_UNKNOWN, {"sku": "nothing"})


def test_each_look_costs_one_query_and_none_when_cached(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sku = Product.objects.earliest("pk").sku
    with django_assert_num_queries(3):
        first = (products_search(shop, "leche"), categories_list(shop), stock_of(shop, sku))

    with django_assert_num_queries(0):
        assert (products_search(shop, " leche "), categories_list(shop), stock_of(shop, sku)) == first


@given(text=st.text(max_size=150), category=st.text(max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_searched_for(shop: Shop, text: str, category: str) -> None:
    assert len(products_search(shop, text, category=category)) <= 5
