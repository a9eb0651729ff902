"""The admin of the shop, one module per model."""

from conversations.admin.shop import category, order, product, session

__all__ = ("category", "order", "product", "session")
