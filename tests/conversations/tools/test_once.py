"""Changes are made once, however often a turn is run, and not at all by a worker that lost the customer."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from botsite.resilience import leases
from conversations.models import ExecutedCall, WhatsAppUser
from conversations.shop.models import CartItem, Order, Product
from conversations.shop.services.cart import cart_show
from conversations.shop.values import Customer
from conversations.tools.context import LeaseLost
from conversations.tools.toolbox import Toolbox, for_turn
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.conversations.shop.builders import make_product, together
from tests.conversations.tools.builders import call, context_of
from tests.processes import database_url_of_tests
from tests.recording import RecordedMetrics

WORKER = "tests.conversations.tools.dying_worker"

pytestmark = pytest.mark.django_db(transaction=True)  # what is cached is forgotten at the commit


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return make_channel()


@pytest.fixture
def bread(channel: Channel) -> Product:
    return make_product(channel, "Pan", sku="PAN", stock=10)


@pytest.fixture
def user(channel: Channel, bread: Product) -> WhatsAppUser:
    return receive(channel, "dos panes, por favor")


def attempt(user: WhatsAppUser) -> Toolbox:
    return for_turn(context_of(user))


def in_cart(user: WhatsAppUser) -> dict[str, int]:
    return {line.sku: line.quantity for line in cart_show(Customer.of(user)).lines}


def test_a_turn_that_is_run_again_adds_no_more(user: WhatsAppUser, recorded: RecordedMetrics) -> None:
    call(attempt(user), "cart_add", sku="PAN", quantity=2)

    told = call(attempt(user), "cart_add", sku="PAN", quantity=2)

    assert told["already_done"] == {"quantity": 2}
    assert told["cart"][0]["quantity"] == 2
    assert in_cart(user) == {"PAN": 2}
    assert recorded.total("function_calls_total", "cart_add", "repeated") == 1


def test_the_second_attempt_may_ask_otherwise(user: WhatsAppUser) -> None:
    first = attempt(user)
    call(first, "cart_add", sku="PAN", quantity=1)
    receive(user.channel, "mejor que sean tres")
    second = attempt(user)

    told = call(second, "cart_add", sku="PAN", quantity=3)
    assert (told["already_done"], told["cart"][0]["quantity"]) == ({"quantity": 1}, 1)
    call(second, "cart_add", sku="PAN", quantity=2)

    assert in_cart(user) == {"PAN": 3}


def test_the_same_change_twice_in_a_turn_is_made_twice(user: WhatsAppUser) -> None:
    for toolbox in (attempt(user), attempt(user)):
        call(toolbox, "cart_add", sku="PAN")
        call(toolbox, "cart_add", sku="PAN")

    assert in_cart(user) == {"PAN": 2}


def test_a_refused_change_does_not_count(user: WhatsAppUser) -> None:
    first = attempt(user)
    assert call(first, "cart_add", sku="PAN", quantity=50)["refused"]
    call(first, "cart_add", sku="PAN", quantity=2)

    call(attempt(user), "cart_add", sku="PAN", quantity=2)

    assert in_cart(user) == {"PAN": 2}
    assert ExecutedCall.objects.count() == 1


def test_emptying_again_leaves_what_came_after(user: WhatsAppUser) -> None:
    for toolbox in (attempt(user), attempt(user)):
        call(toolbox, "cart_empty")
        call(toolbox, "cart_add", sku="PAN", quantity=2)

    assert in_cart(user) == {"PAN": 2}


def test_taking_out_again_takes_no_more(user: WhatsAppUser) -> None:
    for toolbox in (attempt(user), attempt(user)):
        call(toolbox, "cart_add", sku="PAN", quantity=3)
        call(toolbox, "cart_remove", sku="PAN", quantity=1)

    assert in_cart(user) == {"PAN": 2}


def test_a_turn_that_is_run_again_orders_once(user: WhatsAppUser) -> None:
    placed: list[dict[str, Any]] = []
    for toolbox in (attempt(user), attempt(user)):
        call(toolbox, "cart_add", sku="PAN")
        placed.append(call(toolbox, "place_order", note=f"attempt {len(placed)}"))

    assert placed[1] == {"already_done": True, **placed[0]}
    assert Order.objects.count() == 1
    assert in_cart(user) == {}


def test_two_orders_in_one_turn_are_two(channel: Channel, user: WhatsAppUser) -> None:
    make_product(channel, "Leche", sku="LECHE")
    for toolbox in (attempt(user), attempt(user)):
        numbers = []
        for sku in ("PAN", "LECHE"):
            call(toolbox, "cart_add", sku=sku)
            numbers.append(call(toolbox, "place_order")["order_number"])
        assert numbers == [1, 2]

    assert Order.objects.count() == 2


def test_the_next_message_is_another_request(user: WhatsAppUser) -> None:
    call(attempt(user), "cart_add", sku="PAN")
    receive(user.channel, "y otro más")
    latest = user.messages.latest("sequence")

    call(for_turn(replace(context_of(user), message_id=latest.pk)), "cart_add", sku="PAN")

    assert in_cart(user) == {"PAN": 2}


def test_the_customers_own_words_are_not_kept(user: WhatsAppUser) -> None:
    toolbox = attempt(user)
    call(toolbox, "cart_add", sku="PAN")
    call(toolbox, "place_order", note="para Ana, Calle 5")

    assert [note.details for note in ExecutedCall.objects.order_by("pk")] == [{"quantity": 1}, {}]


@pytest.mark.parametrize(
    "name", ["cart_add", "cart_show", "product_stock", "search_products", "hand_over_to_person"]
)
def test_a_worker_that_lost_the_customer_does_nothing(user: WhatsAppUser, name: str) -> None:
    toolbox = for_turn(context_of(user, still_ours=lambda: False))
    arguments = {"sku": "PAN"} if name in ("cart_add", "product_stock") else {}

    with pytest.raises(LeaseLost):
        call(toolbox, name, **arguments)

    assert not CartItem.objects.exists()
    assert not ExecutedCall.objects.exists()
    assert not toolbox.wants_person


def test_a_change_costs_few_queries(
    user: WhatsAppUser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    toolbox = attempt(user)
    call(toolbox, "cart_add", sku="PAN")

    with django_assert_max_num_queries(19):
        call(toolbox, "cart_add", sku="PAN")


def test_a_lease_that_is_taken_over_ends_the_functions(user: WhatsAppUser) -> None:
    users = WhatsAppUser.objects.filter(pk=user.pk)
    lease = leases.claim(users, seconds=20)
    assert lease
    toolbox = for_turn(context_of(user, still_ours=lambda: lease.renew(20)))
    call(toolbox, "cart_add", sku="PAN")
    users.update(lease_until=None)
    assert leases.claim(users, seconds=20)

    with pytest.raises(LeaseLost):
        call(toolbox, "cart_add", sku="PAN")

    assert in_cart(user) == {"PAN": 1}


def test_two_workers_at_the_same_moment_make_a_change_once(user: WhatsAppUser) -> None:
    told = together(lambda toolbox: call(toolbox, "cart_add", sku="PAN"), [attempt(user) for _ in range(4)])

    assert sum("already_done" in result for result in told) == 3
    assert in_cart(user) == {"PAN": 1}


@pytest.mark.parametrize(("moment", "left_behind"), [("before", {}), ("after", {"PAN": 2})])
def test_a_worker_killed_around_a_change_leaves_it_to_be_made_once(
    user: WhatsAppUser, moment: str, left_behind: dict[str, int]
) -> None:
    context = context_of(user)
    killed = subprocess.run(
        [sys.executable, "-m", WORKER, str(user.pk), str(context.message_id), moment],
        env=worker_environment(),
        cwd=Path(__file__).parents[3],
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL

    items = CartItem.objects.filter(session__user=user)
    assert dict(items.values_list("product__sku", "quantity")) == left_behind
    call(attempt(user), "cart_add", sku="PAN", quantity=2)
    assert dict(items.values_list("product__sku", "quantity")) == {"PAN": 2}


def worker_environment() -> dict[str, str]:
    """That of this process, with the database of the test."""
    return {
        **os.environ,
        "DATABASE_URL": database_url_of_tests(),
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "botsite.settings",
    }
