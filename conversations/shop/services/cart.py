"""The customer's cart."""

from decimal import Decimal

from django.db import transaction

from conversations.shop.models import MOST_OF_ONE, CartItem, CustomerSession, Product, SessionState
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services import freshness
from conversations.shop.services.catalogue import LONGEST_SKU, product_on_sale
from conversations.shop.services.sessions import get_session_optimized, session_locked
from conversations.shop.text import one_line
from conversations.shop.values import Cart, Customer, Line

MOST_PRODUCTS = 50
"""Different ones in a cart."""


def cart_show(customer: Customer) -> Cart:
    """Return the cart as it stands."""
    return get_session_optimized(customer).cart


@transaction.atomic
def cart_add(customer: Customer, *, sku: str, quantity: int = 1) -> Cart:
    """Put `quantity` more of a product into the cart; returns the cart. Nothing is reserved by that.

    Raises ShopRefusal: PRODUCT_UNKNOWN, QUANTITY_INVALID, OUT_OF_STOCK, CART_FULL, CURRENCY_MIXED.
    """
    session = session_locked(customer)
    product = product_on_sale(customer.shop, sku)
    items = {item.product_id: item for item in session.items.select_related("product")}
    item = items.get(product.pk) or CartItem(session=session, product=product, quantity=0)
    _require_room(product, item, list(items.values()), quantity)
    item.quantity += quantity
    item.save()
    return _changed(customer, session)


@transaction.atomic
def cart_remove(customer: Customer, *, sku: str, quantity: int | None = None) -> Cart:
    """Take `quantity` of a product out of the cart, or all of it; returns the cart.

    Raises ShopRefusal: NOT_IN_CART, QUANTITY_INVALID.
    """
    session = session_locked(customer)
    item = session.items.filter(product__sku=one_line(sku, LONGEST_SKU)).first()
    if item is None:
        raise ShopRefusal(Refusal.NOT_IN_CART, sku=sku)
    if quantity is not None:
        _require_quantity(quantity)
    if quantity is None or quantity >= item.quantity:
        item.delete()
    else:
        item.quantity -= quantity
        item.save(update_fields=["quantity"])
    return _changed(customer, session)


@transaction.atomic
def cart_empty(customer: Customer) -> Cart:
    """Take everything out of the cart; returns the empty cart."""
    session = session_locked(customer)
    session.items.all().delete()
    return _changed(customer, session)


def cart_of(items: list[CartItem]) -> Cart:
    """Return items, with their products, as a cart."""
    lines = (
        Line(item.product.sku, item.product.name, item.quantity, Decimal(item.product.price))
        for item in items
    )
    return Cart(tuple(lines), items[0].product.currency if items else "")


def _require_room(product: Product, item: CartItem, others: list[CartItem], quantity: int) -> None:
    _require_quantity(quantity)
    if product.stock is not None and item.quantity + quantity > product.stock:
        short = {"sku": product.sku, "name": product.name, "available": product.stock}
        raise ShopRefusal(Refusal.OUT_OF_STOCK, items=[short])
    if item.quantity + quantity > MOST_OF_ONE:
        raise ShopRefusal(Refusal.QUANTITY_INVALID, least=1, most=MOST_OF_ONE)
    if item not in others and len(others) >= MOST_PRODUCTS:
        raise ShopRefusal(Refusal.CART_FULL, most=MOST_PRODUCTS)
    if others and others[0].product.currency != product.currency:
        raise ShopRefusal(Refusal.CURRENCY_MIXED, currency=others[0].product.currency)


def _require_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST_OF_ONE:
        raise ShopRefusal(Refusal.QUANTITY_INVALID, least=1, most=MOST_OF_ONE)


def _changed(customer: Customer, session: CustomerSession) -> Cart:
    """Note in the session that its cart has changed; returns the cart."""
    items = list(session.items.select_related("product"))
    session.state = SessionState.CART if items else SessionState.BROWSING
    session.cart_version += 1
    session.save(update_fields=["state", "cart_version"])
    freshness.session_changed(customer)
    return cart_of(items)
