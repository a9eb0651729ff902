"""What is changed is seen at the next look, though it was cached before."""

from decimal import Decimal

import pytest

from botsite.caching.models import PendingInvalidation
from conversations.shop.models import Category, Order, OrderState, Product
from conversations.shop.refusals import ShopRefusal
from conversations.shop.services.cart import cart_add, cart_show
from conversations.shop.services.catalogue import categories_list, products_search
from conversations.shop.services.order_states import order_set_state
from conversations.shop.services.orders import order_place
from conversations.shop.services.stock import stock_of
from conversations.shop.values import Customer
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_product, shop_of

# What is cached is forgotten when the writer commits.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("is_common", [True, False])
def test_a_changed_product_is_seen_by_search_stock_and_cart(
    channel: Channel, customer: Customer, is_common: bool
) -> None:
    shop = customer.shop
    product = make_product(None if is_common else channel, "Pan", stock=5, category="Panes")
    cart_add(customer, sku=product.sku)
    assert products_search(shop, "pan")[0].price == 1
    assert (stock_of(shop, product.sku).count, categories_list(shop)[0].name) == (5, "Panes")
    assert cart_show(customer).total == 1

    product.price, product.stock = Decimal(2), 9
    product.save()
    Category.objects.get().delete()

    assert products_search(shop, "pan")[0].price == 2
    assert (stock_of(shop, product.sku).count, categories_list(shop)) == (9, ())
    assert cart_show(customer).total == 2


def test_a_deleted_product_is_gone_from_searches_and_carts(channel: Channel, customer: Customer) -> None:
    product = make_product(channel, "Pan")
    cart_add(customer, sku=product.sku)
    assert products_search(customer.shop, "pan")
    assert cart_show(customer).lines

    Product.objects.all().delete()

    assert products_search(customer.shop, "pan") == ()
    assert cart_show(customer).lines == ()
    with pytest.raises(ShopRefusal):
        stock_of(customer.shop, product.sku)


def test_a_common_product_sold_out_in_one_channel_is_sold_out_in_all(
    channel: Channel, customer: Customer
) -> None:
    elsewhere = shop_of(make_channel("other", phone_number_id="2"))
    product = make_product(None, "Pan", stock=2)
    assert products_search(elsewhere, "pan")[0].available
    assert stock_of(elsewhere, product.sku).count == 2

    cart_add(customer, sku=product.sku, quantity=2)
    order_place(customer)

    assert not products_search(elsewhere, "pan")[0].available
    assert stock_of(elsewhere, product.sku).count == 0
    order_set_state(Order.objects.get().pk, OrderState.CANCELLED)
    assert products_search(elsewhere, "pan")[0].available
    assert stock_of(elsewhere, product.sku).count == 2


def test_a_sale_is_seen_in_the_stock_at_once(channel: Channel, customer: Customer) -> None:
    product = make_product(channel, "Pan", stock=5)
    assert stock_of(customer.shop, product.sku).count == 5

    cart_add(customer, sku=product.sku, quantity=2)
    order_place(customer)
    assert stock_of(customer.shop, product.sku).count == 3

    order_set_state(Order.objects.get().pk, OrderState.CANCELLED)
    assert stock_of(customer.shop, product.sku).count == 5


def test_no_invalidation_stays_behind(channel: Channel, customer: Customer) -> None:
    cart_add(customer, sku=make_product(None, "Pan", stock=1).sku)
    order_place(customer)

    assert not PendingInvalidation.objects.exists()
