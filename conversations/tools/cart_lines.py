"""The customer's cart as a part of the prompt."""

from conversations.llm.prompt_parts import CartLine
from conversations.shop.services.cart import cart_show
from conversations.shop.values import Customer
from conversations.tools.results import money


def cart_lines(customer: Customer) -> tuple[CartLine, ...]:
    """Return a line per product in the cart, for `prompt_parts.Customer.cart`; one query at the most."""
    cart = cart_show(customer)
    return tuple(CartLine(line.quantity, line.name, money(line.total, cart.currency)) for line in cart.lines)
