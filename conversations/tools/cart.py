"""Functions about the customer's cart."""

from conversations.shop.services import cart
from conversations.tools.arguments import AddArguments, Arguments, RemoveArguments
from conversations.tools.context import ToolContext
from conversations.tools.results import Result, cart_result


def cart_add(context: ToolContext, arguments: AddArguments, _occurrence: int) -> Result:
    changed = cart.cart_add(context.customer, sku=arguments.sku, quantity=arguments.quantity)
    return cart_result(changed)


def cart_remove(context: ToolContext, arguments: RemoveArguments, _occurrence: int) -> Result:
    quantity = arguments.quantity or None
    return cart_result(cart.cart_remove(context.customer, sku=arguments.sku, quantity=quantity))


def cart_empty(context: ToolContext, _arguments: Arguments, _occurrence: int) -> Result:
    return cart_result(cart.cart_empty(context.customer))


def cart_show(context: ToolContext, _arguments: Arguments) -> Result:
    return cart_result(cart.cart_show(context.customer))


def cart_as_it_is(context: ToolContext, arguments: Arguments, _occurrence: int) -> Result:
    """Return the cart after a change that was made before."""
    return cart_show(context, arguments)
