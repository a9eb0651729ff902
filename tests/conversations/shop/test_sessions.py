"""The customer's session: one look-up, two hours, one at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from botsite.caching import SESSION, has
from botsite.celery import app
from conversations.models import MergeReason, WhatsAppUser
from conversations.services import inbox
from conversations.services.merging import users_merge
from conversations.shop.models import CartItem, CustomerSession, Order
from conversations.shop.services import sessions
from conversations.shop.services.cart import cart_add, cart_show
from conversations.shop.services.freshness import session_changed, session_over
from conversations.shop.services.orders import order_place, order_track
from conversations.shop.services.sessions import (
    LIFETIME,
    RENEWAL,
    cleanup_expired_sessions,
    get_session_optimized,
    session_remember,
)
from conversations.shop.tasks import clean_sessions
from conversations.shop.values import Customer
from sessions_app.models import Channel
from tests.conversations.builders import inbound, receive
from tests.conversations.shop.builders import make_customer, make_product
from tests.recording import RecordedMetrics

# What is cached is forgotten when the writer commits.
pytestmark = pytest.mark.django_db(transaction=True)


def idle(customer: Customer, gone: timedelta) -> None:
    """Let the customer's last activity lie `gone` further in the past."""
    session = CustomerSession.objects.get(user=customer.user_id, closed_at=None)
    CustomerSession.objects.filter(pk=session.pk).update(expires_at=session.expires_at - gone)
    session_over(customer)


def test_session_customer_and_orders_come_in_one_query(
    channel: Channel, customer: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    milk = make_product(channel, "Leche", price=Decimal("2.35"), currency="PEN")
    for _ in range(2):
        cart_add(customer, sku=milk.sku)
        order_place(customer)
    cart_add(customer, sku=milk.sku, quantity=3)

    with django_assert_num_queries(1):
        session = get_session_optimized(customer)

    assert session.customer_name == "Ana"
    assert session.total_orders == 2
    assert session.state == "cart"
    assert [(line.sku, line.quantity, line.total) for line in session.cart.lines] == [
        (milk.sku, 3, Decimal("7.05"))
    ]
    assert (session.cart.total, session.cart.currency) == (Decimal("7.05"), "PEN")


def test_a_cached_session_costs_no_query(
    customer: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = get_session_optimized(customer)

    with django_assert_num_queries(0):
        assert get_session_optimized(customer) == first


def test_a_missing_session_is_created_empty(customer: Customer) -> None:
    session = get_session_optimized(customer)

    assert (session.state, session.cart.lines, session.cart.currency, session.context) == (
        "browsing",
        (),
        "",
        {},
    )
    assert session.cart.total == 0
    assert session.total_orders == 0
    assert CustomerSession.objects.get().pk == session.session_id


def test_an_order_is_seen_in_a_session_that_was_cached(channel: Channel, customer: Customer) -> None:
    cart_add(customer, sku=make_product(channel, "Pan").sku)
    assert get_session_optimized(customer).total_orders == 0

    order_place(customer)

    session = get_session_optimized(customer)
    assert (session.total_orders, session.state, session.cart.lines) == (1, "ordered", ())


def test_orders_and_carts_of_others_do_not_show(channel: Channel, customer: Customer) -> None:
    other = make_customer(channel, "Beto")
    cart_add(other, sku=make_product(channel, "Pan").sku)
    order_place(other)
    cart_add(other, sku=make_product(channel, "Sal").sku)

    session = get_session_optimized(customer)

    assert (session.total_orders, session.cart.lines) == (0, ())


def test_the_user_name_stands_in_for_a_missing_name(channel: Channel, customer: Customer) -> None:
    WhatsAppUser.objects.filter(pk=customer.user_id).update(name="", user_name="ana_92")

    assert get_session_optimized(customer).customer_name == "ana_92"


def test_activity_gives_a_session_two_more_hours(customer: Customer) -> None:
    session = get_session_optimized(customer)
    idle(customer, LIFETIME - timedelta(minutes=1))

    renewed = get_session_optimized(customer)

    stored = CustomerSession.objects.get()
    assert renewed.session_id == session.session_id == stored.pk
    assert stored.expires_at >= timezone.now() + LIFETIME
    assert get_session_optimized(customer).expires_at == stored.expires_at


def test_frequent_activity_writes_only_now_and_then(
    customer: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get_session_optimized(customer)
    idle(customer, RENEWAL - timedelta(seconds=30))
    get_session_optimized(customer)

    with django_assert_num_queries(0):
        get_session_optimized(customer)


def test_an_expired_session_is_followed_by_an_empty_one(channel: Channel, customer: Customer) -> None:
    cart_add(customer, sku=make_product(channel, "Pan").sku)
    old = get_session_optimized(customer)
    idle(customer, LIFETIME + RENEWAL)

    new = get_session_optimized(customer)

    assert new.session_id != old.session_id
    assert new.cart.lines == ()
    assert CustomerSession.objects.get(closed_at=None).pk == new.session_id


def test_a_session_that_expired_in_the_cache_is_not_believed(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = get_session_optimized(customer)
    later = timezone.now() + LIFETIME + RENEWAL
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert get_session_optimized(customer).session_id != old.session_id


def test_a_cached_session_that_was_deleted_is_replaced(customer: Customer) -> None:
    old = get_session_optimized(customer)
    CustomerSession.objects.update(expires_at=timezone.now() + LIFETIME - timedelta(minutes=1))
    session_over(customer)
    sessions._cached(customer)
    CustomerSession.objects.all().delete()

    new = get_session_optimized(customer)

    assert new.session_id != old.session_id
    assert CustomerSession.objects.get().pk == new.session_id


def test_a_customer_has_one_open_session(customer: Customer) -> None:
    get_session_optimized(customer)

    with pytest.raises(IntegrityError):
        CustomerSession.objects.create(user_id=customer.user_id, expires_at=timezone.now())


def test_many_who_ask_at_once_get_the_same_session(customer: Customer) -> None:
    def ask(_: int) -> int:
        try:
            session_over(customer)
            return get_session_optimized(customer).session_id
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(ask, range(12)))

    assert found == {CustomerSession.objects.get().pk}


def test_the_context_is_merged_and_none_removes(customer: Customer) -> None:
    session_remember(customer, shown=["A", "B"], step="address")
    session_remember(customer, step=None, city="Lima")

    assert get_session_optimized(customer).context == {"shown": ["A", "B"], "city": "Lima"}


def test_a_change_of_name_shows_once_it_is_told(customer: Customer) -> None:
    get_session_optimized(customer)
    WhatsAppUser.objects.filter(pk=customer.user_id).update(name="Ana María")
    session_changed(customer)

    assert get_session_optimized(customer).customer_name == "Ana María"


def test_a_name_that_a_message_brings_shows_at_once(channel: Channel) -> None:
    customer = Customer.of(receive(channel, "hola"))
    get_session_optimized(customer)

    inbox.receive(channel, [inbound("hola otra vez", profile_name="Ana María")])

    assert get_session_optimized(customer).customer_name == "Ana María"


def test_a_name_that_staff_write_shows_at_once(admin_client: Client, customer: Customer) -> None:
    get_session_optimized(customer)
    page = reverse("admin:whatsappuser_edit", args=[customer.user_id])
    admin_client.post(page, {"name": "Ana de Sol", "language": "es"})

    assert get_session_optimized(customer).customer_name == "Ana de Sol"


def test_the_name_of_a_merged_customer_shows_at_once(channel: Channel) -> None:
    first, second = receive(channel, "hola"), receive(channel, "hola", sender="573000000002")
    customer = Customer.of(first)
    get_session_optimized(customer)
    WhatsAppUser.objects.filter(pk=second.pk).update(name="Ana María")
    with transaction.atomic():
        rows = WhatsAppUser.objects.select_for_update().filter(pk__in=[first.pk, second.pk])
        users_merge(rows.order_by("pk"), reason=MergeReason.NAMED_TOGETHER)

    assert get_session_optimized(customer).customer_name == "Ana María"


def test_expired_sessions_are_cleaned_counted_and_others_kept(
    channel: Channel, customer: Customer, recorded: RecordedMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "CLEANUP_BATCH", 2)
    bread = make_product(channel, "Pan")
    for number in range(5):
        gone = make_customer(channel, f"Gone {number}")
        cart_add(gone, sku=bread.sku)
        order_place(gone)
        cart_add(gone, sku=bread.sku)
        idle(gone, LIFETIME + RENEWAL)
    cart_add(customer, sku=bread.sku)

    assert clean_sessions() == {"expired": 5}

    assert cleanup_expired_sessions() == 0
    assert recorded.total("shop_sessions_expired_total") == 5
    assert CustomerSession.objects.get().user_id == customer.user_id
    assert CartItem.objects.count() == 1
    assert Order.objects.filter(session=None).count() == 5
    assert order_track(gone).number == 5


def test_a_session_in_use_is_left_for_the_next_cleaning(customer: Customer) -> None:
    get_session_optimized(customer)
    idle(customer, LIFETIME + RENEWAL)

    def clean() -> int:
        try:
            return cleanup_expired_sessions()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            CustomerSession.objects.select_for_update().get()
            assert pool.submit(clean).result(timeout=10) == 0
        assert pool.submit(clean).result(timeout=10) == 1


def test_cleaning_is_due_every_hour() -> None:
    entry = app.conf.beat_schedule["clean-shop-sessions"]

    assert entry["task"] == clean_sessions.name
    assert entry["schedule"] == 3600


def test_the_cart_is_kept_in_the_session_layer(customer: Customer) -> None:
    cart_show(customer)

    assert has(SESSION, channel=customer.shop.slug, user=customer.user_id)
