"""Orders: once per cart, never more than there is, frozen as they were placed."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import WhatsAppUser
from conversations.shop.models import CustomerSession, Order, OrderItem, OrderState, Product
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services.cart import cart_add, cart_remove, cart_show
from conversations.shop.services.order_states import STEPS, order_set_state
from conversations.shop.services.orders import order_place, order_track
from conversations.shop.values import Customer, PlacedOrder
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_customer, make_product, stock_in_database, together
from tests.recording import RecordedMetrics


@pytest.fixture
def bread(channel: Channel) -> Product:
    return make_product(channel, "Pan", price=Decimal("2.50"), stock=10)


def at_once(customers: list[Customer]) -> list[PlacedOrder | Refusal]:
    """Let all place their orders at the same moment."""

    def place(customer: Customer) -> PlacedOrder | Refusal:
        try:
            return order_place(customer)
        except ShopRefusal as refusal:
            return refusal.reason

    return together(place, customers)


def test_an_order_takes_the_cart_and_the_stock(
    channel: Channel, customer: Customer, bread: Product, recorded: RecordedMetrics
) -> None:
    salt = make_product(channel, "Sal", price=Decimal("0.99"))
    cart_add(customer, sku=bread.sku, quantity=3)
    cart_add(customer, sku=salt.sku, quantity=2)

    order = order_place(customer, note=" Tocar\nel timbre\x00 ")

    assert (order.number, order.state, order.currency) == (1, "placed", "USD")
    assert order.total == Decimal("9.48")
    assert [(line.name, line.quantity, line.total) for line in order.lines] == [
        ("Pan", 3, Decimal("7.50")),
        ("Sal", 2, Decimal("1.98")),
    ]
    assert (stock_in_database(bread), stock_in_database(salt)) == (7, None)
    assert cart_show(customer).lines == ()
    assert CustomerSession.objects.get().state == "ordered"
    assert Order.objects.get().note == "Tocar el timbre"
    assert order_track(customer, number=1) == order
    assert recorded.total("shop_orders_total", "placed") == 1


def test_an_empty_cart_is_no_order(customer: Customer, recorded: RecordedMetrics) -> None:
    with pytest.raises(ShopRefusal) as refused:
        order_place(customer)

    assert refused.value.reason is Refusal.CART_EMPTY
    assert not Order.objects.exists()
    assert recorded.total("shop_orders_total", "refused") == 1


def test_asking_again_finds_the_same_order(
    customer: Customer, bread: Product, recorded: RecordedMetrics
) -> None:
    cart_add(customer, sku=bread.sku)
    first = order_place(customer)

    assert order_place(customer) == first

    assert stock_in_database(bread) == 9
    assert recorded.total("shop_orders_total", "repeated") == 1
    cart_add(customer, sku=bread.sku)
    assert order_place(customer).number == 2


def test_a_cart_filled_and_emptied_since_is_no_repeat(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    order_place(customer)
    cart_add(customer, sku=bread.sku)
    cart_remove(customer, sku=bread.sku)

    with pytest.raises(ShopRefusal) as refused:
        order_place(customer)
    assert refused.value.reason is Refusal.CART_EMPTY


def test_a_turn_that_is_run_again_orders_once(customer: Customer, bread: Product) -> None:
    for _ in range(2):
        cart_add(customer, sku=bread.sku)
        order_place(customer, request_key="message:1")

    assert Order.objects.count() == 1
    assert stock_in_database(bread) == 9
    assert order_place(customer, request_key="message:2").number == 2


def test_the_same_request_of_another_customer_is_another(
    channel: Channel, customer: Customer, bread: Product
) -> None:
    other = make_customer(channel)
    for buyer in (customer, other):
        cart_add(buyer, sku=bread.sku)
        order_place(buyer, request_key="message:1")

    assert Order.objects.count() == 2


def test_the_database_knows_a_cart_is_ordered_once(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    order_place(customer, request_key="message:1")
    order = Order.objects.get()

    for changes in ({"request_key": ""}, {"session": None}):
        copy = Order.objects.get()
        copy.pk, copy.number = None, order.number + 1
        for name, value in changes.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save()


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_once_for_one_cart_place_one_order(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku, quantity=2)

    first, second = at_once([customer, customer])

    assert first == second
    assert Order.objects.count() == 1
    assert stock_in_database(bread) == 8


@pytest.mark.django_db(transaction=True)
def test_of_two_buyers_of_the_last_one_gets_it(channel: Channel, customer: Customer) -> None:
    last = make_product(channel, "Última", stock=1)
    buyers = [customer, make_customer(channel, "Beto")]
    for buyer in buyers:
        cart_add(buyer, sku=last.sku)

    results = at_once(buyers)

    assert Refusal.OUT_OF_STOCK in results
    assert Order.objects.count() == 1
    assert stock_in_database(last) == 0
    loser = buyers[results.index(Refusal.OUT_OF_STOCK)]
    assert [line.sku for line in cart_show(loser).lines] == [last.sku]


@pytest.mark.django_db(transaction=True)
def test_many_buyers_of_the_same_things_in_any_order_sell_what_there_is(channel: Channel) -> None:
    one, two = make_product(channel, "Uno", stock=5), make_product(channel, "Dos", stock=5)
    buyers = [make_customer(channel, f"Buyer {number}") for number in range(8)]
    for number, buyer in enumerate(buyers):
        for product in (one, two) if number % 2 else (two, one):
            cart_add(buyer, sku=product.sku)

    results = at_once(buyers)

    assert results.count(Refusal.OUT_OF_STOCK) == 3
    assert (stock_in_database(one), stock_in_database(two)) == (0, 0)
    assert sorted(Order.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]


def test_a_refused_order_changes_nothing(channel: Channel, customer: Customer, bread: Product) -> None:
    rare = make_product(channel, "Trufa", stock=2)
    cart_add(customer, sku=bread.sku)
    cart_add(customer, sku=rare.sku, quantity=2)
    Product.objects.filter(pk=rare.pk).update(stock=1)

    with pytest.raises(ShopRefusal) as refused:
        order_place(customer)

    assert refused.value.reason is Refusal.OUT_OF_STOCK
    assert refused.value.details == {"items": [{"sku": rare.sku, "name": "Trufa", "available": 1}]}
    assert not Order.objects.exists()
    assert (stock_in_database(bread), len(cart_show(customer).lines)) == (10, 2)
    Product.objects.filter(pk=rare.pk).update(stock=2)
    assert order_place(customer).number == 1


def test_what_is_no_longer_sold_is_not_ordered(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    Product.objects.update(is_active=False)

    with pytest.raises(ShopRefusal) as refused:
        order_place(customer)

    assert refused.value.reason is Refusal.NOT_FOR_SALE
    assert refused.value.details == {"items": [{"sku": bread.sku, "name": "Pan"}]}


def test_a_currency_that_changed_in_the_cart_is_noticed(
    channel: Channel, customer: Customer, bread: Product
) -> None:
    salt = make_product(channel, "Sal")
    cart_add(customer, sku=bread.sku)
    cart_add(customer, sku=salt.sku)
    Product.objects.filter(pk=salt.pk).update(currency="COP")

    with pytest.raises(ShopRefusal) as refused:
        order_place(customer)
    assert refused.value.reason is Refusal.CURRENCY_MIXED


def test_a_placed_order_is_frozen(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    placed = order_place(customer)
    bread.name, bread.price = "Pan nuevo", Decimal(99)
    bread.save()
    assert order_track(customer) == placed

    bread.delete()

    assert order_track(customer) == placed


def test_numbers_are_each_channels_own(channel: Channel, customer: Customer, bread: Product) -> None:
    other = make_channel("other", phone_number_id="2")
    elsewhere = make_customer(other)
    cart_add(elsewhere, sku=make_product(other, "Pan").sku)
    cart_add(customer, sku=bread.sku)

    assert (order_place(customer).number, order_place(elsewhere).number) == (1, 1)


def test_only_its_customer_can_track_an_order(channel: Channel, customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    order_place(customer)
    other = make_customer(channel)

    for number in (1, 2, None):
        with pytest.raises(ShopRefusal) as refused:
            order_track(other, number=number)
        assert (refused.value.reason, refused.value.details) == (Refusal.ORDER_UNKNOWN, {"number": number})
    with pytest.raises(ShopRefusal):
        order_track(customer, number=2)


def test_without_a_number_the_latest_order_is_tracked(customer: Customer, bread: Product) -> None:
    for _ in range(2):
        cart_add(customer, sku=bread.sku)
        order_place(customer)

    assert order_track(customer).number == 2


def test_orders_outlive_the_customer(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    order_place(customer)

    WhatsAppUser.objects.all().delete()

    assert Order.objects.get().user is None
    assert OrderItem.objects.get().name == "Pan"


def test_staff_take_an_order_to_its_end(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku)
    order_place(customer)
    order = Order.objects.get()

    for state in (OrderState.CONFIRMED, OrderState.SHIPPED, OrderState.DELIVERED):
        order_set_state(order.pk, state)
        assert order_track(customer).state == state


@pytest.mark.parametrize("state", OrderState)
def test_only_the_next_steps_are_possible(customer: Customer, bread: Product, state: OrderState) -> None:
    cart_add(customer, sku=bread.sku)
    order_place(customer)
    order = Order.objects.get()

    for target in OrderState:
        Order.objects.update(state=state)
        if target in STEPS[state]:
            assert order_set_state(order.pk, target).state == target
            continue
        with pytest.raises(ShopRefusal) as refused:
            order_set_state(order.pk, target)
        assert (refused.value.reason, refused.value.details) == (Refusal.ORDER_STATE, {"state": state})
        assert Order.objects.get().state == state


def test_a_cancelled_order_gives_back_what_it_took_once(
    channel: Channel, customer: Customer, bread: Product, recorded: RecordedMetrics
) -> None:
    since_counted = make_product(channel, "Sal")
    since_uncounted = make_product(channel, "Té", stock=4)
    for product in (bread, since_counted, since_uncounted):
        cart_add(customer, sku=product.sku, quantity=2)
    order_place(customer)
    Product.objects.filter(pk=since_counted.pk).update(stock=50)
    Product.objects.filter(pk=since_uncounted.pk).update(stock=None)
    order = Order.objects.get()

    order_set_state(order.pk, OrderState.CANCELLED)
    with pytest.raises(ShopRefusal):
        order_set_state(order.pk, OrderState.CANCELLED)

    products = (bread, since_counted, since_uncounted)
    assert [stock_in_database(product) for product in products] == [10, 50, None]
    assert recorded.total("shop_orders_total", "cancelled") == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_cancel_at_once_give_the_stock_back_once(customer: Customer, bread: Product) -> None:
    cart_add(customer, sku=bread.sku, quantity=4)
    order_place(customer)
    order = Order.objects.get()

    def cancel(_: int) -> bool:
        try:
            order_set_state(order.pk, OrderState.CANCELLED)
        except ShopRefusal:
            return False
        return True

    assert sorted(together(cancel, range(4))) == [False, False, False, True]
    assert stock_in_database(bread) == 10


@given(st.lists(st.tuples(st.sampled_from(["add", "place", "cancel"]), st.integers(1, 4)), max_size=15))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_stock_and_what_was_sold_always_add_up(channel: Channel, steps: list[tuple[str, int]]) -> None:
    product, customer = make_product(channel, "Pan", stock=10), make_customer(channel)
    for step, quantity in steps:
        try:
            if step == "add":
                cart_add(customer, sku=product.sku, quantity=quantity)
            elif step == "place":
                order_place(customer)
            else:
                latest = Order.objects.filter(user=customer.user_id).latest("pk")
                order_set_state(latest.pk, OrderState.CANCELLED)
        except (ShopRefusal, Order.DoesNotExist):
            pass
        sold = OrderItem.objects.filter(product=product).exclude(order__state=OrderState.CANCELLED)
        assert sum(item.quantity for item in sold) + (stock_in_database(product) or 0) == 10
