"""Functions about the customer's orders."""

from conversations.shop.services.orders import order_place, order_track
from conversations.tools.arguments import OrderArguments, TrackArguments
from conversations.tools.context import ToolContext
from conversations.tools.results import Result, order_result


def place_order(context: ToolContext, arguments: OrderArguments, occurrence: int) -> Result:
    """Place the order, or return the one that this very request has placed before."""
    key = context.request_key(occurrence)
    return order_result(order_place(context.customer, note=arguments.note, request_key=key))


def track_order(context: ToolContext, arguments: TrackArguments) -> Result:
    return order_result(order_track(context.customer, number=arguments.number or None))
