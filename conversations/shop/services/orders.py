"""Placing orders, and telling customers how theirs stand."""

from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Q

from botsite.telemetry.logging import get_logger
from botsite.telemetry.metrics import count
from conversations.shop.models import CartItem, CustomerSession, Order, OrderItem, Product, SessionState
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services import freshness
from conversations.shop.services.catalogue import products_on_sale
from conversations.shop.services.sessions import session_locked
from conversations.shop.text import one_line
from conversations.shop.values import Customer, Line, PlacedOrder

# Who comes second waits here for the first to commit, so that numbers are given in order and without gaps.
_NEXT_NUMBER = """
    INSERT INTO shop_ordernumber (channel_id, last) VALUES (%s, 1)
    ON CONFLICT (channel_id) DO UPDATE SET last = shop_ordernumber.last + 1
    RETURNING last
"""

LONGEST_NOTE = 500

log = get_logger("shop")


def order_place(customer: Customer, *, note: str = "", request_key: str = "") -> PlacedOrder:
    """Order what is in the cart and empty it. The same cart, or the same `request_key`, is ordered only once.

    A repeat returns the order that there is. `request_key` (≤ 100 characters) names what the customer asked
    for, such as the message. Raises ShopRefusal: CART_EMPTY, NOT_FOR_SALE, OUT_OF_STOCK, CURRENCY_MIXED.
    """
    try:
        with transaction.atomic():
            session = session_locked(customer)
            order = _repeated(customer, session, request_key)
            result = "repeated" if order else "placed"
            order = order or _placed(customer, session, note, request_key)
    except ShopRefusal as refusal:
        count("shop_orders_total", result="refused")
        log.info("SHOP_ORDER_REFUSED", user_id=customer.user_id, reason=refusal.reason.value)
        raise
    count("shop_orders_total", result=result)
    log.info("SHOP_ORDER_PLACED", user_id=customer.user_id, order_id=order.pk, result=result)
    return _as_value(order)


def order_track(customer: Customer, *, number: int | None = None) -> PlacedOrder:
    """Return the customer's order of that number, or the latest. Raises ShopRefusal ORDER_UNKNOWN."""
    orders = Order.objects.filter(user=customer.user_id, channel=customer.shop.channel_id)
    if number is not None:
        orders = orders.filter(number=number)
    order = orders.order_by("-pk").first()
    if order is None:
        raise ShopRefusal(Refusal.ORDER_UNKNOWN, number=number)
    return _as_value(order)


def _repeated(customer: Customer, session: CustomerSession, request_key: str) -> Order | None:
    """Find the order of this request, or of this cart: ordering a cart leaves its version as it was."""
    same = Q(session=session, cart_version=session.cart_version)
    if request_key:
        same |= Q(user=customer.user_id, request_key=request_key)
    return Order.objects.filter(same).first()


def _placed(customer: Customer, session: CustomerSession, note: str, request_key: str) -> Order:
    items = _items_locked(customer, session)
    _require_same_currency(items)
    _require_stock(items)
    order = Order.objects.create(
        channel_id=customer.shop.channel_id,
        user_id=customer.user_id,
        session=session,
        cart_version=session.cart_version,
        request_key=request_key,
        total=sum((item.quantity * item.product.price for item in items), Decimal(0)),
        currency=items[0].product.currency,
        note=one_line(note, LONGEST_NOTE),
        number=_next_number(customer.shop.channel_id),
    )
    OrderItem.objects.bulk_create(_frozen(order, item) for item in items)
    _take_from_stock(customer, items)
    session.items.all().delete()
    session.state = SessionState.ORDERED
    session.save(update_fields=["state"])
    freshness.session_changed(customer)
    return order


def _items_locked(customer: Customer, session: CustomerSession) -> list[CartItem]:
    """Return the cart's items with their products locked, in one order for all who lock products."""
    items = list(session.items.select_related("product"))
    if not items:
        raise ShopRefusal(Refusal.CART_EMPTY)
    wanted = products_on_sale(customer.shop).filter(pk__in=[item.product_id for item in items])
    products = {product.pk: product for product in wanted.order_by("pk").select_for_update(no_key=True)}
    gone = [item.product for item in items if item.product_id not in products]
    if gone:
        named = [{"sku": product.sku, "name": product.name} for product in gone]
        raise ShopRefusal(Refusal.NOT_FOR_SALE, items=named)
    for item in items:
        item.product = products[item.product_id]
    return items


def _require_same_currency(items: list[CartItem]) -> None:
    # Staff may have changed a product's currency since it was put into the cart.
    currency = items[0].product.currency
    if any(item.product.currency != currency for item in items):
        raise ShopRefusal(Refusal.CURRENCY_MIXED, currency=currency)


def _require_stock(items: list[CartItem]) -> None:
    short = [
        {"sku": item.product.sku, "name": item.product.name, "available": item.product.stock}
        for item in items
        if item.product.stock is not None and item.product.stock < item.quantity
    ]
    if short:
        raise ShopRefusal(Refusal.OUT_OF_STOCK, items=short)


def _frozen(order: Order, item: CartItem) -> OrderItem:
    product = item.product
    return OrderItem(
        order=order,
        product=product,
        sku=product.sku,
        name=product.name,
        unit_price=product.price,
        quantity=item.quantity,
        taken=0 if product.stock is None else item.quantity,
    )


def _take_from_stock(customer: Customer, items: list[CartItem]) -> None:
    for item in items:
        product = item.product
        if product.stock is None:
            continue
        Product.objects.filter(pk=product.pk).update(stock=F("stock") - item.quantity)
        slug = customer.shop.slug if product.channel_id else None
        if product.stock == item.quantity:  # sold out: searches say so
            freshness.catalogue_changed(slug)
        else:
            freshness.stock_changed(slug, product.sku)


def _next_number(channel_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_NUMBER, [channel_id])
        return int(cursor.fetchone()[0])


def _as_value(order: Order) -> PlacedOrder:
    lines = tuple(Line(item.sku, item.name, item.quantity, item.unit_price) for item in order.items.all())
    return PlacedOrder(order.number, str(order.state), lines, order.total, order.currency, order.placed_at)
