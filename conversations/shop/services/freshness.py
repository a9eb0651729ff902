"""What a change of the shop's rows makes of its cached values.

Call these in the transaction that writes. What is common to all channels (slug None) is in the
values of each.
"""

from typing import Any

from botsite.caching import (
    CATEGORIES,
    FUNCTION_RESULT,
    INVENTORY,
    PRODUCT_SEARCH,
    SESSION,
    invalidate,
    invalidate_on_commit,
)
from conversations.shop.models import CartItem, Category, Product
from conversations.shop.values import Customer


def session_changed(customer: Customer) -> None:
    """Forget the customer's session: its cart, its context, the orders or the customer's name changed."""
    invalidate_on_commit(SESSION, channel=customer.shop.slug, user=customer.user_id)


def session_over(customer: Customer) -> None:
    """Forget, at once and outside of a transaction, a session that has expired or was given more time."""
    invalidate(SESSION, channel=customer.shop.slug, user=customer.user_id)


def stock_changed(slug: str | None, sku: str) -> None:
    """Forget how many there are of a product; what searches found still holds."""
    if slug is None:
        invalidate_on_commit(INVENTORY, item=sku)
    else:
        invalidate_on_commit(INVENTORY, channel=slug, item=sku)


def catalogue_changed(slug: str | None) -> None:
    """Forget what was found and counted in the catalogue of a channel, or of all."""
    parts = {} if slug is None else {"channel": slug}
    for layer in (PRODUCT_SEARCH, CATEGORIES, INVENTORY, FUNCTION_RESULT):
        invalidate_on_commit(layer, **parts)


def carts_changed(product_ids: list[int]) -> None:
    """Forget the sessions that show these products, with their names and prices."""
    carts = CartItem.objects.filter(product__in=product_ids)
    for user_id, slug in carts.values_list("session__user", "session__user__channel__slug").distinct():
        invalidate_on_commit(SESSION, channel=slug, user=user_id)


def product_saved(sender: object, instance: Product, **_kwargs: Any) -> None:
    """Receive the signals of a product that was saved or is to be deleted."""
    catalogue_changed(instance.channel.slug if instance.channel else None)
    carts_changed([instance.pk])


def category_saved(sender: object, instance: Category, **_kwargs: Any) -> None:
    """Receive the signals of a category that was saved or is to be deleted."""
    catalogue_changed(instance.channel.slug if instance.channel else None)
