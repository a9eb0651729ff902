"""The shop's refusals, as the model is told of them."""

from collections.abc import Mapping
from typing import Any

from conversations.shop.refusals import Refusal, ShopRefusal

SENTENCES: Mapping[Refusal, str] = {
    Refusal.PRODUCT_UNKNOWN: "No product with this SKU is sold here. Look for it with search_products.",
    Refusal.QUANTITY_INVALID: "That quantity is not possible.",
    Refusal.OUT_OF_STOCK: "There are not so many; nothing was changed.",
    Refusal.NOT_FOR_SALE: "Some things in the cart are no longer sold. They have to be taken out first.",
    Refusal.NOT_IN_CART: "This product is not in the cart.",
    Refusal.CART_FULL: "The cart cannot hold more different products.",
    Refusal.CURRENCY_MIXED: "The cart holds products in another currency; they have to be ordered apart.",
    Refusal.CART_EMPTY: "The cart is empty: there is nothing to order.",
    Refusal.ORDER_UNKNOWN: "This customer has no such order.",
    Refusal.ORDER_STATE: "The order's state does not allow that.",
}


def as_result(refusal: ShopRefusal) -> dict[str, Any]:
    """Return what the model is told: why, in a word and a sentence, and the details."""
    return {"refused": refusal.reason.value, "why": SENTENCES[refusal.reason], **refusal.details}
