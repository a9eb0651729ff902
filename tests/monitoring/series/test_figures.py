"""The figures that people ask of a window."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter
from conversations.models import Message, Run, WhatsAppUser
from conversations.shop.models import CustomerSession
from conversations.shop.services.sessions import LIFETIME, RENEWAL, cleanup_expired_sessions
from monitoring.services.figures import conversations, functions, models, requests, shop_sessions
from monitoring.services.series import Frame, Window, read
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(clock: time_machine.Traveller) -> Channel:
    return make_channel()


class TestConversations:
    def test_none(self, channel: Channel) -> None:
        assert conversations.conversations(last_days(1)) == conversations.Conversations(0, 0, None)

    def test_a_customers_messages_of_a_day_are_one(
        self, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        self._wrote(channel, "573000000001", [90, 30, 0])
        self._wrote(channel, "573000000002", [45])

        with django_assert_num_queries(2):
            found = conversations.conversations(last_days(1))

        assert found == conversations.Conversations(active=2, total=2, mean_seconds=90 * 60 / 2)

    def test_days_are_those_of_the_sites_zone(self, channel: Channel, settings: Settings) -> None:
        settings.TIME_ZONE = "America/Bogota"  # where it is half past seven
        self._wrote(channel, "573000000001", [7 * 60, 8 * 60])

        assert conversations.conversations(last_days(1)).total == 2

    def test_who_was_only_written_to_had_none(self, channel: Channel) -> None:
        user = self._wrote(channel, "573000000001", [0])
        Message.objects.filter(user=user).update(direction="out", author="staff", state="accepted")

        assert conversations.conversations(last_days(1)).total == 0

    def _wrote(self, channel: Channel, sender: str, minutes_ago: list[int]) -> WhatsAppUser:
        user = receive(channel, *(str(number) for number in minutes_ago), sender=sender)
        for message, minutes in zip(
            Message.objects.filter(user=user).order_by("sequence"), minutes_ago, strict=True
        ):
            Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - minutes_(minutes))
        return user


def test_shopping_sessions(channel: Channel, meter: Meter, clock: time_machine.Traveller) -> None:
    user = receive(channel, "hola")
    CustomerSession.objects.create(user=user, expires_at=timezone.now() + minutes_(20) + LIFETIME + RENEWAL)
    assert shop_sessions.shop_sessions(last_hour()) == shop_sessions.ShopSessions(1, None, None)
    clock.shift(3 * 3600)
    cleanup_expired_sessions()
    meter.flush()

    assert shop_sessions.shop_sessions(last_hour()) == shop_sessions.ShopSessions(0, 1, 20 * 60)


def test_functions(clock: time_machine.Traveller, meter: Meter) -> None:
    for name, result, times in (
        ("add_to_cart", "ok", 6),
        ("add_to_cart", "repeated", 1),
        ("add_to_cart", "failed", 1),
        ("find_products", "ok", 9),
    ):
        metrics.count("function_calls_total", times, name=name, result=result)
    metrics.observe("function_seconds", 0.2, name="add_to_cart")
    meter.flush()

    most, second = functions.functions(last_hour())

    assert (most.name, most.calls, most.success_percent, most.mean_seconds) == ("find_products", 9, 100, None)
    assert (second.name, second.calls, second.success_percent) == ("add_to_cart", 8, 87.5)
    assert second.mean_seconds == pytest.approx(0.2)
    assert second.p95_seconds == pytest.approx(0.2, rel=0.2)


class TestRequests:
    def test_of_nothing_nothing_is_known(self, clock: time_machine.Traveller) -> None:
        found = requests.requests(last_hour())

        assert (found.total, found.ok, found.failed, found.rate, found.failed_percent) == (None,) * 5
        assert set(found.quantiles.values()) == {None}
        assert found.slowest == []

    def test_counts_times_and_the_slowest(self, clock: time_machine.Traveller, meter: Meter) -> None:
        for endpoint, status, times, seconds in (
            ("webhook", "2xx", 90, 0.01),
            ("webhook", "5xx", 2, 0.05),
            ("dashboard", "2xx", 5, 0.4),
            ("unknown", "4xx", 3, 0.002),
        ):
            metrics.count("http_requests_total", times, endpoint=endpoint, status=status)
            for _ in range(times):
                metrics.observe("http_request_seconds", seconds, endpoint=endpoint)
        meter.flush()

        found = requests.requests(last_hour())

        assert (found.total, found.ok, found.refused, found.failed) == (100, 95, 3, 2)
        assert found.failed_percent == 2
        assert found.rate == pytest.approx(100 / 30)
        assert found.quantiles[0.5] == pytest.approx(0.01, rel=0.2)
        assert found.quantiles[0.99] == pytest.approx(0.4, rel=0.2)
        assert [endpoint.name for endpoint in found.slowest] == ["dashboard", "webhook", "unknown"]
        assert found.slowest[0].requests == 5


class TestModels:
    def test_who_answered_and_what_it_cost(
        self, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        self._run("openai", "gpt-x", cost_usd=Decimal("0.02"))
        self._run("openai", "gpt-x", cost_usd=None)
        self._run("deepseek", "chat", cost_usd=Decimal("0.01"))
        self._run("cache", "", saved_usd=Decimal("0.03"))
        self._run("offline", "", degraded=True)
        self._run("", "")  # asked nobody

        with django_assert_num_queries(2):
            found = models.distribution(last_days(1))

        most = found.shares[0]
        assert (most.provider, most.runs, most.cost_usd) == ("openai", 2, Decimal("0.02"))
        assert (found.runs, found.fallbacks, found.answered_by_cache) == (5, 1, 1)
        assert found.cost_usd == Decimal("0.03")
        assert found.savings.usd == Decimal("0.03")

    def test_costs_that_nobody_knows_are_not_zero(self, channel: Channel) -> None:
        self._run("openai", "gpt-x", cost_usd=None)

        assert models.distribution(last_days(1)).cost_usd is None

    def test_calls(self, clock: time_machine.Traveller, meter: Meter) -> None:
        assert models.calls(last_hour()) == models.Calls(None, None, None, None)
        for result, times in (("hit", 5), ("pinned", 1), ("miss", 2), ("ineligible", 40)):
            metrics.count("ai_response_cache_total", times, result=result)
        metrics.observe("ai_request_seconds", 1.5, provider="openai")
        metrics.count("circuit_trips_total", name="llm:openai")
        meter.flush()

        found = models.calls(last_hour())

        assert (found.hit_percent, found.mean_seconds, found.trips) == (75, 1.5, 1)
        assert found.p95_seconds == pytest.approx(1.5, rel=0.2)

    def _run(self, provider: str, model: str, **values: object) -> None:
        Run.objects.create(epoch=1, state="completed", provider=provider, model=model, **values)


def minutes_(number: int) -> timedelta:
    return timedelta(minutes=number)


def last_hour() -> Frame:
    return read(Window.last(timedelta(hours=1)))


def last_days(number: int) -> Window:
    now = timezone.now() + timedelta(seconds=1)
    return Window(now - timedelta(days=number), now)
