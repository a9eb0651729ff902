"""Functions about what the shop sells. They know the shop and not the customer."""

from django.utils import timezone

from botsite.caching import FUNCTION_RESULT, get_or_load
from conversations.shop.services.catalogue import categories_list, products_on_sale, products_search
from conversations.shop.services.stock import stock_of
from conversations.shop.values import Shop, Stock, StockSource
from conversations.tools.arguments import Arguments, SearchArguments, SkuArguments
from conversations.tools.results import Result, money, name_of

MOST_SHOWN = 8
MOST_CATEGORIES = 40
_NOT_THERE = "The inventory cannot be asked just now."
_SAY_AGE = "This is our own record: say how old it is, and that it is not confirmed."


def sells_anything(shop: Shop) -> bool:
    """Whether the channel has anything on sale; no query once that is cached."""

    def load() -> bool:
        return products_on_sale(shop).exists()

    found: bool = get_or_load(FUNCTION_RESULT, load, channel=shop.slug, function="sells_anything", digest="-")
    return found


def search_products(shop: Shop, arguments: SearchArguments) -> Result:
    found = products_search(shop, arguments.text, category=arguments.category, limit=MOST_SHOWN)
    products = [
        {
            "sku": product.sku,
            "name": name_of(product.name),
            "category": name_of(product.category),
            "price": money(product.price, product.currency),
            "available": product.available,
            "description": product.description,
        }
        for product in found
    ]
    return {"products": products}


def categories(shop: Shop, _arguments: Arguments) -> Result:
    shelves = categories_list(shop)[:MOST_CATEGORIES]
    return {"categories": [{"name": name_of(shelf.name), "products": shelf.products} for shelf in shelves]}


def product_stock(shop: Shop, arguments: SkuArguments) -> Result:
    stock = stock_of(shop, arguments.sku)
    return {
        "sku": stock.sku,
        "name": name_of(stock.name),
        "price": money(stock.price, stock.currency),
        **_amount(stock),
    }


def _amount(stock: Stock) -> Result:
    if stock.source is StockSource.CATALOGUE:
        return {"in_stock": "enough" if stock.count is None else stock.count}
    known = "unknown" if stock.count is None else stock.count
    if stock.source is StockSource.SERVICE:
        return {"in_stock": known, **({"warehouse": stock.warehouse} if stock.warehouse else {})}
    if stock.count is None:
        return {"in_stock": known, "why": _NOT_THERE}
    hours = (timezone.now() - stock.as_of).total_seconds() / 3600
    return {"in_stock": known, "recorded_hours_ago": round(hours, 1), "why": f"{_NOT_THERE} {_SAY_AGE}"}
