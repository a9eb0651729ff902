"""How many there are of a product: by the inventory service where there is one, else by the catalogue."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from botsite.caching import INVENTORY, get_or_load
from conversations.shop.inventory_service import asking
from conversations.shop.inventory_service.errors import InventoryError
from conversations.shop.models import Product
from conversations.shop.services.catalogue import product_on_sale
from conversations.shop.values import Shop, Stock, StockSource


def stock_of(shop: Shop, sku: str) -> Stock:
    """Return how many there are of a product, and its price. Raises ShopRefusal PRODUCT_UNKNOWN.

    Where there is an inventory service, not within a transaction. What stands in for it while it is not there
    is not cached: it is asked again as soon as its breaker allows.
    """
    try:
        stock: Stock = get_or_load(
            INVENTORY, lambda: _loaded(shop, sku), decode=Stock.from_json, channel=shop.slug, item=sku
        )
    except InventoryError:
        return Stock.from_json(_unconfirmed(product_on_sale(shop, sku)))
    return stock


def _loaded(shop: Shop, sku: str) -> dict[str, Any]:
    product = product_on_sale(shop, sku)
    if not asking.is_configured():
        return _stock(product, product.stock, StockSource.CATALOGUE, timezone.now())
    found = asking.stock_at_service(product.sku)
    warehouse = found.warehouse or ""
    return _stock(product, found.quantity, StockSource.SERVICE, timezone.now(), warehouse)


def _unconfirmed(product: Product) -> dict[str, Any]:
    return _stock(product, product.stock, StockSource.UNCONFIRMED, product.updated_at)


def _stock(
    product: Product, count: int | None, source: StockSource, as_of: datetime, warehouse: str = ""
) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "name": product.name,
        "price": str(product.price),
        "currency": product.currency,
        "count": count,
        "source": source.value,
        "as_of": as_of.isoformat(),
        "warehouse": warehouse,
    }
