"""Functions about what the shop sells. They know the shop and not the customer."""

from conversations.shop.services.catalogue import categories_list, products_search, stock_of
from conversations.shop.values import Shop
from conversations.tools.arguments import Arguments, SearchArguments, SkuArguments
from conversations.tools.results import Result, money, name_of

MOST_SHOWN = 8
MOST_CATEGORIES = 40


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
        "in_stock": "enough" if stock.count is None else stock.count,
    }
