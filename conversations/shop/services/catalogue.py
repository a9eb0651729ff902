"""The catalogue as customers see it: searching it, its products and its shelves."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from botsite.caching import CATEGORIES, PRODUCT_SEARCH, get_or_load
from conversations.shop.models import Category, Product
from conversations.shop.refusals import Refusal, ShopRefusal
from conversations.shop.services import product_search
from conversations.shop.text import one_line
from conversations.shop.values import FoundProduct, Shelf, Shop

MOST_FOUND = 20
LONGEST_SKU = 64


def products_on_sale(shop: Shop) -> QuerySet[Product]:
    """Return what the channel sells: its own products, and the common ones that it has no own version of."""
    own_version = Product.objects.filter(channel=shop.channel_id, sku=OuterRef("sku"))
    is_common = Q(channel=None) & ~Exists(own_version)
    return Product.objects.filter(Q(channel=shop.channel_id) | is_common, is_active=True)


def product_on_sale(shop: Shop, sku: str) -> Product:
    """Return the product of this SKU that the channel sells. Raises ShopRefusal PRODUCT_UNKNOWN."""
    sku = one_line(sku, LONGEST_SKU)
    product = products_on_sale(shop).filter(sku=sku).first()
    if product is None:
        raise ShopRefusal(Refusal.PRODUCT_UNKNOWN, sku=sku)
    return product


def products_search(
    shop: Shop, text: str = "", *, category: str = "", limit: int = 5
) -> tuple[FoundProduct, ...]:
    """Return the products that fit `text` best, with errors of spelling forgiven; best first.

    `category` narrows it to a shelf by about its name; without `text` all of that shelf is meant. `limit` is
    at most MOST_FOUND. Availability may be a moment old; `stock.stock_of` and the cart know better.
    """
    query = product_search.Query.of(text, category=category, limit=min(limit, MOST_FOUND))
    found: tuple[FoundProduct, ...] = get_or_load(
        PRODUCT_SEARCH,
        lambda: product_search.search(shop, query),
        decode=lambda rows: tuple(map(FoundProduct.from_json, rows)),
        channel=shop.slug,
        term=query.term,
    )
    return found


def categories_list(shop: Shop) -> tuple[Shelf, ...]:
    """Return the categories that have products on sale, in the order that staff gave them."""
    shelves: tuple[Shelf, ...] = get_or_load(
        CATEGORIES,
        lambda: _shelves(shop),
        decode=lambda rows: tuple(Shelf(**row) for row in rows),
        channel=shop.slug,
    )
    return shelves


def _shelves(shop: Shop) -> list[dict[str, Any]]:
    on_sale = Count("products", filter=Q(products__in=products_on_sale(shop)))
    shelves = Category.objects.filter(Q(channel=shop.channel_id) | Q(channel=None), is_active=True)
    rows = shelves.annotate(on_sale=on_sale).filter(on_sale__gt=0).values_list("name", "on_sale")
    return [{"name": name, "products": products} for name, products in rows]
