"""The one table of the functions that the model may call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from conversations.llm.base import ToolSpec
from conversations.shop.values import Shop
from conversations.tools import cart, catalogue, orders, person
from conversations.tools.arguments import (
    AddArguments,
    Arguments,
    OrderArguments,
    RemoveArguments,
    SearchArguments,
    SkuArguments,
    TrackArguments,
    schema_of,
)
from conversations.tools.context import ToolContext
from conversations.tools.results import Result

HAND_OVER = "hand_over_to_person"


@dataclass(frozen=True, slots=True)
class OfShop:
    """Reads what is the same for all customers of a channel, who is not even told to it: it may be cached."""

    run: Callable[[Shop, Any], Result]
    is_cached: bool = True


@dataclass(frozen=True, slots=True)
class OfCustomer:
    """Reads what is the customer's own."""

    run: Callable[[ToolContext, Any], Result]


@dataclass(frozen=True, slots=True)
class Change:
    """Changes something, once for a burst of messages: its last argument says which of its kind it is.

    `repeated` shows what there is when the change was made before. `subject` names what is changed.
    """

    run: Callable[[ToolContext, Any, int], Result]
    repeated: Callable[[ToolContext, Any, int], Result]
    subject: Callable[[Any], str] = lambda _arguments: ""


Action: TypeAlias = OfShop | OfCustomer | Change


@dataclass(frozen=True, slots=True)
class Tool:
    """A function: what the model is told of it, what it may say, and what is done."""

    name: str
    description: str
    arguments: type[Arguments]
    action: Action

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, self.description, schema_of(self.arguments))


def _sku(arguments: AddArguments | RemoveArguments) -> str:
    return arguments.sku


_TABLE = (
    Tool(
        "search_products",
        "Find products on sale by words, category or both; with prices and whether they are available.",
        SearchArguments,
        OfShop(catalogue.search_products),
    ),
    Tool("categories", "List the categories of what is sold.", Arguments, OfShop(catalogue.categories)),
    Tool(
        "product_stock",
        "Tell how many there are of one product, and its price.",
        SkuArguments,
        OfShop(catalogue.product_stock, is_cached=False),  # it has a layer of its own, and may be away
    ),
    Tool(
        "cart_add",
        "Put more of a product into the customer's cart. Only what the customer asked for.",
        AddArguments,
        Change(cart.cart_add, cart.cart_as_it_is, _sku),
    ),
    Tool("cart_show", "Show the customer's cart with its total.", Arguments, OfCustomer(cart.cart_show)),
    Tool(
        "cart_remove",
        "Take a product, or some of it, out of the customer's cart.",
        RemoveArguments,
        Change(cart.cart_remove, cart.cart_as_it_is, _sku),
    ),
    Tool(
        "cart_empty",
        "Take everything out of the customer's cart. Only when the customer asked for it.",
        Arguments,
        Change(cart.cart_empty, cart.cart_as_it_is),
    ),
    Tool(
        "place_order",
        "Order what is in the customer's cart. Only after the customer has been told what is in it and what"
        " it costs, and has agreed.",
        OrderArguments,
        Change(orders.place_order, orders.place_order),
    ),
    Tool(
        "track_order",
        "Tell how an order of this customer stands.",
        TrackArguments,
        OfCustomer(orders.track_order),
    ),
    Tool(
        HAND_OVER,
        "Let a person of the team answer: when the customer asks for one, complains, or needs what you cannot"
        " do.",
        Arguments,
        OfCustomer(person.hand_over_to_person),
    ),
)
TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _TABLE}
