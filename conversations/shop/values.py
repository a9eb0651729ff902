"""What the shop's services take and give: plain values. As JSON (for the cache) money is text."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from conversations.models import WhatsAppUser


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop of a channel."""

    channel_id: int
    slug: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer in a shop."""

    user_id: int
    shop: Shop

    @classmethod
    def of(cls, user: WhatsAppUser) -> "Customer":
        return cls(user.pk, Shop(user.channel_id, user.channel.slug))


@dataclass(frozen=True, slots=True)
class FoundProduct:
    """A product as a search shows it: the beginning of its description, and whether it is not sold out."""

    sku: str
    name: str
    description: str
    category: str
    price: Decimal
    currency: str
    available: bool

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "FoundProduct":
        return cls(**{**value, "price": Decimal(value["price"])})


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category with how many products are on sale in it."""

    name: str
    products: int


class StockSource(StrEnum):
    """Who says how many there are. `UNCONFIRMED`: our own record while the inventory service is away."""

    CATALOGUE = "catalogue"
    SERVICE = "service"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Stock:
    """How many there are of a product, by whom, as of when.

    A count of None is "not counted, so enough" where our catalogue is all there is (CATALOGUE), else it is
    "unknown". An unconfirmed count's `as_of` is when the product was last changed here.
    """

    sku: str
    name: str
    price: Decimal
    currency: str
    count: int | None
    source: StockSource
    as_of: datetime
    warehouse: str

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Stock":
        changed = {
            "price": Decimal(value["price"]),
            "source": StockSource(value["source"]),
            "as_of": datetime.fromisoformat(value["as_of"]),
        }
        return cls(**{**value, **changed})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cart or an order."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Line":
        return cls(value["sku"], value["name"], value["quantity"], Decimal(value["unit_price"]))


@dataclass(frozen=True, slots=True)
class Cart:
    """What a customer wants to buy, at today's prices. All of it is in one currency ("" when empty)."""

    lines: tuple[Line, ...]
    currency: str

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Session:
    """A customer's visit. `context` is a JSON object of what the tools want to remember."""

    session_id: int
    state: str
    cart: Cart
    context: dict[str, Any]
    customer_name: str
    total_orders: int
    expires_at: datetime

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Session":
        lines = value["cart"]
        cart = Cart(tuple(map(Line.from_json, lines)), lines[0]["currency"] if lines else "")
        expires_at = datetime.fromisoformat(value["expires_at"])
        return cls(**{**value, "cart": cart, "expires_at": expires_at})


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order, frozen when it was placed but for its `state` (OrderState)."""

    number: int
    state: str
    lines: tuple[Line, ...]
    total: Decimal
    currency: str
    placed_at: datetime
