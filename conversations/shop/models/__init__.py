"""The models of the shop."""

from conversations.shop.models.catalogue import Category, Product
from conversations.shop.models.order import Order, OrderItem, OrderNumber, OrderState
from conversations.shop.models.session import MOST_OF_ONE, CartItem, CustomerSession, SessionState

__all__ = (
    "MOST_OF_ONE",
    "CartItem",
    "Category",
    "CustomerSession",
    "Order",
    "OrderItem",
    "OrderNumber",
    "OrderState",
    "Product",
    "SessionState",
)
