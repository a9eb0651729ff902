"""What functions give back, as it stands in a conversation: data between tags that it cannot leave."""

import json
from decimal import Decimal
from typing import Any, TypeAlias

from conversations.llm.text import one_line_text
from conversations.shop.values import Cart, Line, PlacedOrder

TEXT_CHARACTERS = 300
NAME_CHARACTERS = 80

Result: TypeAlias = dict[str, Any]
"""A JSON object. Its keys are ours; its texts may be anybody's."""


def fenced(result: Result) -> str:
    """Return the result as the model reads it. Every text in it is one visible line without brackets."""
    return f"<result>\n{json.dumps(_cleaned(result), ensure_ascii=False)}\n</result>"


def money(amount: Decimal, currency: str) -> str:
    return f"{amount:.2f} {currency}"


def cart_result(cart: Cart) -> Result:
    if not cart.lines:
        return {"cart": [], "total": None}
    return {
        "cart": [_line(line, cart.currency) for line in cart.lines],
        "total": money(cart.total, cart.currency),
    }


def order_result(order: PlacedOrder) -> Result:
    return {
        "order_number": order.number,
        "state": order.state,
        "placed_at": order.placed_at.isoformat(timespec="minutes"),
        "items": [_line(line, order.currency) for line in order.lines],
        "total": money(order.total, order.currency),
    }


def name_of(text: str) -> str:
    """Return a product's or category's name, short enough for lists."""
    return one_line_text(text, NAME_CHARACTERS)


def _line(line: Line, currency: str) -> Result:
    return {
        "sku": line.sku,
        "name": name_of(line.name),
        "quantity": line.quantity,
        "price": money(line.total, currency),
    }


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return one_line_text(value, TEXT_CHARACTERS)
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
