"""Builders of what the shop's tests start from."""

import itertools
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any, TypeVar

from django.db import connection

from conversations.models import WhatsAppUser
from conversations.shop.models import Category, Product
from conversations.shop.values import Customer, Shop
from sessions_app.models import Channel

_numbers = itertools.count(1)
Taken = TypeVar("Taken")
Given = TypeVar("Given")


def make_product(channel: Channel | None, name: str, *, category: str = "", **values: Any) -> Product:
    """A product on sale for 1.00 whose stock is not counted; `values` are fields of Product."""
    number = next(_numbers)
    shelf = Category.objects.get_or_create(channel=channel, name=category)[0] if category else None
    defaults = {"sku": f"SKU-{number}", "price": Decimal("1.00"), "category": shelf}
    return Product.objects.create(channel=channel, name=name, **(defaults | values))


def make_customer(channel: Channel, name: str = "Ana") -> Customer:
    return Customer.of(WhatsAppUser.objects.create(channel=channel, name=name))


def shop_of(channel: Channel) -> Shop:
    return Shop(channel.pk, channel.slug)


def stock_in_database(product: Product) -> int | None:
    return Product.objects.get(pk=product.pk).stock


def together(work: Callable[[Taken], Given], things: Collection[Taken]) -> list[Given]:
    """Do `work` on all things at the same moment, each on a database connection of its own."""
    barrier = Barrier(len(things))

    def begin(thing: Taken) -> Given:
        try:
            barrier.wait(timeout=10)
            return work(thing)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(begin, things))
