"""How the shop can say no."""

from enum import Enum


class Refusal(Enum):
    """Each has the details that its sentence names; the model is told them and finds the words."""

    PRODUCT_UNKNOWN = "product_unknown"
    """{"sku"}: nothing that this channel sells."""
    QUANTITY_INVALID = "quantity_invalid"
    """{"least", "most"}."""
    OUT_OF_STOCK = "out_of_stock"
    """{"items": [{"sku", "name", "available"}]}."""
    NOT_FOR_SALE = "not_for_sale"
    """{"items": [{"sku", "name"}]}: in the cart, and no longer sold."""
    NOT_IN_CART = "not_in_cart"
    """{"sku"}."""
    CART_FULL = "cart_full"
    """{"most"}: different products."""
    CURRENCY_MIXED = "currency_mixed"
    """{"currency"}: that of the cart."""
    CART_EMPTY = "cart_empty"
    ORDER_UNKNOWN = "order_unknown"
    """{"number"}: not an order of this customer."""
    ORDER_STATE = "order_state"
    """{"state"}: as it is, the order cannot become what was asked."""


class ShopRefusal(Exception):
    """What was asked cannot be done, and nothing was changed."""

    def __init__(self, reason: Refusal, **details: object) -> None:
        super().__init__(reason.value, details)
        self.reason = reason
        self.details = details
