"""What staff do with orders: one step at a time, and a cancelled one gives its stock back."""

from django.db import transaction
from django.db.models import F

from botsite.telemetry.logging import get_logger
from botsite.telemetry.metrics import count
from conversations.shop.models import Order, OrderState, Product
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services import freshness

STEPS = {
    OrderState.PLACED: {OrderState.CONFIRMED, OrderState.CANCELLED},
    OrderState.CONFIRMED: {OrderState.SHIPPED, OrderState.CANCELLED},
    OrderState.SHIPPED: {OrderState.DELIVERED, OrderState.CANCELLED},
    OrderState.DELIVERED: set(),
    OrderState.CANCELLED: set(),
}
"""State → the states that staff may give the order next."""

log = get_logger("shop")


@transaction.atomic
def order_set_state(order_id: int, state: OrderState) -> Order:
    """Take the order on to `state`. Raises ShopRefusal ORDER_STATE when that is no step from where it is."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
    if state not in STEPS[OrderState(order.state)]:
        raise ShopRefusal(Refusal.ORDER_STATE, state=order.state)
    order.state = state
    order.save(update_fields=["state", "updated_at"])
    if state == OrderState.CANCELLED:
        _give_back(order)
        count("shop_orders_total", result="cancelled")
    log.info("SHOP_ORDER_STATE", order_id=order.pk, state=order.state)
    return order


def _give_back(order: Order) -> None:
    """Add to the stock, where it is still counted, what the order took from it."""
    taken = {item.product_id: item.taken for item in order.items.all() if item.product_id and item.taken}
    products = Product.objects.filter(pk__in=taken, stock__isnull=False).select_related("channel")
    for product in products.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        Product.objects.filter(pk=product.pk).update(stock=F("stock") + taken[product.pk])
        slug = product.channel.slug if product.channel else None
        if product.stock:
            freshness.stock_changed(slug, product.sku)
        else:  # searches said that it was sold out
            freshness.catalogue_changed(slug)
