"""The cart: bounded, in one currency, exact to the cent."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.shop.models import MOST_OF_ONE, CartItem, CustomerSession, Product
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services import cart as carts
from conversations.shop.services.cart import cart_add, cart_empty, cart_remove, cart_show
from conversations.shop.values import Cart, Customer, Line
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_customer, make_product


@pytest.fixture
def bread(channel: Channel) -> Product:
    return make_product(channel, "Pan", price=Decimal("0.35"))


def quantities(cart: Cart) -> dict[str, int]:
    return {line.sku: line.quantity for line in cart.lines}


@pytest.mark.django_db(transaction=True)
def test_adding_adds_up_and_the_cart_shows_it(customer: Customer, bread: Product) -> None:
    assert cart_show(customer).lines == ()
    cart_add(customer, sku=bread.sku)
    added = cart_add(customer, sku=f" {bread.sku} ", quantity=2)

    assert added == Cart((Line(bread.sku, "Pan", 3, Decimal("0.35")),), "USD")
    assert added.total == Decimal("1.05")
    assert cart_show(customer) == added


def test_products_stand_in_the_order_they_were_added(channel: Channel, customer: Customer) -> None:
    first, second = make_product(channel, "Zumo"), make_product(channel, "Agua")
    cart_add(customer, sku=first.sku)
    cart_add(customer, sku=second.sku)
    cart_add(customer, sku=first.sku)

    assert [line.name for line in cart_show(customer).lines] == ["Zumo", "Agua"]


def test_removing_takes_some_or_all(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku, quantity=5)

    assert quantities(cart_remove(customer, sku=bread.sku, quantity=2)) == {bread.sku: 3}
    assert quantities(cart_remove(customer, sku=bread.sku, quantity=100)) == {}
    cart_add(customer, sku=bread.sku, quantity=5)
    assert quantities(cart_remove(customer, sku=bread.sku)) == {}
    with pytest.raises(ShopRefusal) as refused:
        cart_remove(customer, sku=bread.sku)
    assert refused.value.reason is Refusal.NOT_IN_CART


@pytest.mark.django_db(transaction=True)
def test_an_emptied_cart_is_empty(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)

    assert cart_empty(customer).lines == cart_show(customer).lines == ()
    assert cart_empty(customer).lines == ()
    assert CustomerSession.objects.get().state == "browsing"


def test_carts_are_apart(channel: Channel, customer: Customer, bread: Product) -> None:
    other = make_customer(channel)
    cart_add(customer, sku=bread.sku, quantity=2)
    cart_add(other, sku=bread.sku)
    cart_empty(other)

    assert quantities(cart_show(customer)) == {bread.sku: 2}


def test_what_the_channel_does_not_sell_stays_out(customer: Customer) -> None:
    other = make_channel("other", phone_number_id="2")
    for sku in (make_product(other, "Ajeno").sku, "nothing", ""):
        with pytest.raises(ShopRefusal) as refused:
            cart_add(customer, sku=sku)
        assert (refused.value.reason, refused.value.details) == (Refusal.PRODUCT_UNKNOWN, {"sku": sku})


@pytest.mark.parametrize("quantity", [0, -1, MOST_OF_ONE + 1, 10**30])
def test_a_quantity_out_of_bounds_is_refused(customer: Customer, bread: Product, quantity: int) -> None:
    cart_add(customer, sku=bread.sku)
    for change in (cart_add, cart_remove):
        with pytest.raises(ShopRefusal) as refused:
            change(customer, sku=bread.sku, quantity=quantity)
        assert refused.value.reason is Refusal.QUANTITY_INVALID
        assert refused.value.details == {"least": 1, "most": MOST_OF_ONE}

    assert quantities(cart_show(customer)) == {bread.sku: 1}


def test_quantities_are_bounded_together(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku, quantity=MOST_OF_ONE)

    with pytest.raises(ShopRefusal) as refused:
        cart_add(customer, sku=bread.sku)

    assert refused.value.reason is Refusal.QUANTITY_INVALID
    assert quantities(cart_show(customer)) == {bread.sku: MOST_OF_ONE}


def test_the_database_bounds_quantities_too(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)

    for quantity in (0, MOST_OF_ONE + 1):
        with pytest.raises(IntegrityError), transaction.atomic():
            CartItem.objects.update(quantity=quantity)


def test_no_more_than_the_stock_goes_in(channel: Channel, customer: Customer) -> None:
    rare = make_product(channel, "Trufa", stock=3)
    cart_add(customer, sku=rare.sku, quantity=2)

    with pytest.raises(ShopRefusal) as refused:
        cart_add(customer, sku=rare.sku, quantity=2)

    assert refused.value.reason is Refusal.OUT_OF_STOCK
    assert refused.value.details == {"items": [{"sku": rare.sku, "name": "Trufa", "available": 3}]}
    assert quantities(cart_add(customer, sku=rare.sku)) == {rare.sku: 3}
    assert Product.objects.get().stock == 3


def test_a_cart_holds_so_many_products(
    channel: Channel, customer: Customer, bread: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carts, "MOST_PRODUCTS", 2)
    cart_add(customer, sku=bread.sku)
    cart_add(customer, sku=make_product(channel, "Sal").sku)

    with pytest.raises(ShopRefusal) as refused:
        cart_add(customer, sku=make_product(channel, "Té").sku)

    assert (refused.value.reason, refused.value.details) == (Refusal.CART_FULL, {"most": 2})
    assert quantities(cart_add(customer, sku=bread.sku))[bread.sku] == 2


def test_a_cart_is_in_one_currency(channel: Channel, customer: Customer, bread: Product) -> None:
    pesos = make_product(channel, "Sal", currency="COP")
    cart_add(customer, sku=bread.sku)

    with pytest.raises(ShopRefusal) as refused:
        cart_add(customer, sku=pesos.sku)
    assert (refused.value.reason, refused.value.details) == (Refusal.CURRENCY_MIXED, {"currency": "USD"})

    cart_empty(customer)
    assert cart_add(customer, sku=pesos.sku).currency == "COP"


@given(
    st.lists(
        st.tuples(
            st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2),
            st.integers(min_value=1, max_value=MOST_OF_ONE),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_totals_are_exact_in_cents(channel: Channel, bought: list[tuple[Decimal, int]]) -> None:
    customer = make_customer(channel)
    for price, quantity in bought:
        cart = cart_add(customer, sku=make_product(channel, "Algo", price=price).sku, quantity=quantity)

    cents = sum(int(price * 100) * quantity for price, quantity in bought)
    assert int(cart.total * 100) == cents
    assert cart.total.as_tuple().exponent == -2
