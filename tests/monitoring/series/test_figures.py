"""The figures that managers see of a window."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter
from conversations.models import WhatsAppUser
from conversations.shop.models import CustomerSession
from conversations.shop.services.sessions import LIFETIME, RENEWAL, cleanup_expired_sessions
from monitoring.services.figures import (
    breakers,
    cache,
    functions,
    models,
    processes,
    requests,
    runs,
    shop_sessions,
)
from monitoring.services.figures.conversations import active_conversations
from monitoring.services.series import Frame, Window, read
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.monitoring.dashboard.builders import sample_labelled

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(clock: time_machine.Traveller) -> Channel:
    return make_channel()


def test_a_conversation_goes_on_for_half_an_hour(channel: Channel) -> None:
    for minutes in (29, 31):
        user = receive(channel, "hola", sender=f"5730000000{minutes}")
        wrote_at = timezone.now() - timedelta(minutes=minutes)
        WhatsAppUser.objects.filter(pk=user.pk).update(last_inbound_at=wrote_at)

    assert active_conversations() == 1


class TestShopSessions:
    def test_of_nothing_nothing_is_known(self, clock: time_machine.Traveller) -> None:
        found = shop_sessions.shop_sessions(last_hour())

        assert (found.expired, found.orders, found.orders_percent, found.mean_seconds) == (None,) * 4

    def test_open_ones_and_those_that_are_over(
        self, channel: Channel, meter: Meter, clock: time_machine.Traveller
    ) -> None:
        for name in ("one", "other"):
            user = WhatsAppUser.objects.create(channel=channel, name=name)
            CustomerSession.objects.create(user=user, expires_at=timezone.now() + LIFETIME + RENEWAL)
        assert shop_sessions.open_sessions().count() == 2
        metrics.count("shop_orders_total", result="placed")
        metrics.count("shop_orders_total", 5, result="refused")
        meter.flush()
        assert shop_sessions.shop_sessions(last_hour()).orders_percent is None

        clock.shift(LIFETIME + RENEWAL)
        assert shop_sessions.open_sessions().count() == 0
        cleanup_expired_sessions()
        metrics.count("shop_orders_total", result="placed")
        meter.flush()

        found = shop_sessions.shop_sessions(last_hour())
        assert (found.expired, found.orders, found.orders_percent) == (2, 1, 50)

    def test_how_long_those_that_are_over_lasted(
        self, channel: Channel, meter: Meter, clock: time_machine.Traveller
    ) -> None:
        for minutes in (20, 40):
            user = WhatsAppUser.objects.create(channel=channel, name=str(minutes))
            active_until = timezone.now() + timedelta(minutes=minutes)
            CustomerSession.objects.create(user=user, expires_at=active_until + LIFETIME + RENEWAL)
        assert shop_sessions.shop_sessions(last_hour()).mean_seconds is None

        clock.shift(timedelta(minutes=40) + LIFETIME + RENEWAL)
        cleanup_expired_sessions()
        meter.flush()

        assert shop_sessions.shop_sessions(last_hour()).mean_seconds == pytest.approx(30 * 60)


def test_functions(clock: time_machine.Traveller, meter: Meter) -> None:
    for name, result, times in (
        ("add_to_cart", "ok", 6),
        ("add_to_cart", "repeated", 1),
        ("add_to_cart", "failed", 1),
        ("find_products", "ok", 9),
    ):
        metrics.count("function_calls_total", times, name=name, result=result)
    metrics.observe("function_seconds", 0.2, name="add_to_cart")
    assert functions.function_calls(last_hour()) == functions.FunctionCalls(None, None, None)
    meter.flush()

    most, second = functions.functions(last_hour())

    assert (most.name, most.calls, most.failed_percent, most.p95_seconds) == ("find_products", 9, 0, None)
    assert (second.name, second.calls, second.failed_percent) == ("add_to_cart", 8, 12.5)
    assert second.p95_seconds == pytest.approx(0.2, rel=0.2)
    assert most.mean_seconds is None
    assert second.mean_seconds == pytest.approx(0.2)
    called = functions.function_calls(last_hour())
    assert (called.calls, called.done) == (17, 16)
    assert called.mean_seconds == pytest.approx(0.2)
    assert called.done_percent == pytest.approx(100 * 16 / 17)


class TestRequests:
    def test_of_nothing_nothing_is_known(self, clock: time_machine.Traveller) -> None:
        found = requests.requests(last_hour())

        assert (found.total, found.ok, found.refused, found.failed, found.failed_percent) == (None,) * 5
        assert (found.per_minute, found.p50_seconds, found.p95_seconds, found.p99_seconds) == (None,) * 4
        assert requests.endpoints(last_hour()) == []

    def test_what_failed_is_our_fault_alone_and_the_slowest_come_first(
        self, clock: time_machine.Traveller, meter: Meter
    ) -> None:
        for endpoint, status, times, seconds in (
            ("webhook", "2xx", 48, 0.01),
            ("webhook", "5xx", 2, 0.05),
            ("dashboard", "2xx", 47, 0.4),
            ("unknown", "4xx", 3, 0.002),
        ):
            metrics.count("http_requests_total", times, endpoint=endpoint, status=status)
            for _ in range(times):
                metrics.observe("http_request_seconds", seconds, endpoint=endpoint)
        meter.flush()

        found, endpoints = requests.requests(last_hour()), requests.endpoints(last_hour())

        assert (found.total, found.ok, found.refused, found.failed) == (100, 95, 3, 2)
        assert found.failed_percent == 2
        assert found.p50_seconds == pytest.approx(0.01, rel=0.2)
        assert found.p95_seconds == pytest.approx(0.4, rel=0.2)
        assert found.p99_seconds == pytest.approx(0.4, rel=0.2)
        assert [(each.name, each.requests, each.failed_percent) for each in endpoints] == [
            ("dashboard", 47, 0),
            ("webhook", 50, 4),
            ("unknown", 3, 0),
        ]
        assert endpoints[0].p95_seconds == pytest.approx(0.4, rel=0.2)
        assert endpoints[0].mean_seconds == pytest.approx(0.4)

    @pytest.mark.parametrize("step", [None, timedelta(minutes=5)])
    def test_a_rate_is_of_the_time_that_is_known(
        self, clock: time_machine.Traveller, meter: Meter, step: timedelta | None
    ) -> None:
        for pause in (60, 600, 0):  # the second minute is the last for a while
            metrics.count("http_requests_total", 10, endpoint="webhook", status="2xx")
            meter.flush()
            clock.shift(pause)

        found = requests.requests(read(Window.last(timedelta(hours=1)), step=step))

        assert found.total == 30
        assert found.per_minute == pytest.approx(12)  # the last of the three minutes is half over


class TestModels:
    def test_who_answered(self, clock: time_machine.Traveller, meter: Meter) -> None:
        for provider, result, times in (
            ("openai", "ok", 3),
            ("openai", "refused", 1),
            ("deepseek", "ok", 5),
            ("mute", "unavailable", 1),
        ):
            metrics.count("ai_requests_total", times, provider=provider, result=result)
        metrics.observe("ai_request_seconds", 1.5, provider="openai")
        meter.flush()

        frame = last_hour()
        found = models.providers(frame)

        assert [(each.name, each.calls, each.answered_percent) for each in found] == [
            ("deepseek", 5, 100),
            ("openai", 4, 75),
            ("mute", 1, 0),
        ]
        assert (found[0].mean_seconds, found[0].p95_seconds) == (None, None)
        assert found[1].mean_seconds == pytest.approx(1.5)
        assert found[1].p95_seconds == pytest.approx(1.5, rel=0.2)
        assert models.answers(frame) == {"openai": 3, "deepseek": 5}
        points = models.answer_points(frame, timedelta(hours=1))
        assert {name: of[-1].value for name, of in points.items()} == {"openai": 3, "deepseek": 5}

    def test_kept_answers(self, clock: time_machine.Traveller, meter: Meter) -> None:
        assert (models.hits(last_hour()), models.hit_percent(last_hour())) == (0, None)
        for result, times in (("hit", 5), ("pinned", 1), ("miss", 2), ("ineligible", 40)):
            metrics.count("ai_response_cache_total", times, result=result)
        meter.flush()

        assert (models.hits(last_hour()), models.hit_percent(last_hour())) == (6, 75)


def test_trips_of_models_and_of_all_else(clock: time_machine.Traveller, meter: Meter) -> None:
    assert breakers.trips(last_hour()) == breakers.Trips(None, None)

    for name, times in (("llm:openai", 2), ("llm:deepseek", 1), ("laravel", 4)):
        metrics.count("circuit_trips_total", times, name=name)
    meter.flush()

    assert breakers.trips(last_hour()) == breakers.Trips(models=3, others=4)


class TestRuns:
    def test_without_any_there_is_no_part_and_nothing_was_saved(self) -> None:
        none = runs.Runs([], is_cut=False)

        assert (none.total, none.fallbacks, none.percent(0)) == (0, 0, None)
        assert none.saved_usd == 0

    def test_what_kept_answers_saved_is_what_is_known_of_it(self) -> None:
        asked = runs.ModelRuns("openai", "gpt-x", 6, 0, None)
        offline = runs.ModelRuns("offline", "", 2, 1, None)
        kept = runs.ModelRuns("cache", "", 2, 0, Decimal("0.25"))

        found = runs.Runs([asked, offline, kept], is_cut=False)

        assert (found.total, found.fallbacks, found.percent(1)) == (10, 1, 10)
        assert found.saved_usd == Decimal("0.25")
        assert runs.Runs([asked, replace(kept, saved_usd=None)], is_cut=False).saved_usd is None


class TestProcesses:
    def test_of_nothing_nothing_is_known(self, clock: time_machine.Traveller) -> None:
        assert processes.sampled_processes(last_hour()) == {}
        assert processes.fullest_memory(last_hour()) is None

    def test_what_was_sampled_last(self, clock: time_machine.Traveller) -> None:
        sample_labelled({"processes": {("web",): 9}}, ago=2)
        sample_labelled(
            {
                "processes": {("web",): 2, ("beat",): 0},
                "process_memory_bytes": {("web",): 3e8},
                "process_uptime_seconds": {("web",): 90},
                "host_memory_percent": {("one",): 40, ("other",): 71.5},
            }
        )

        assert processes.sampled_processes(last_hour()) == {
            "web": processes.ProcessFigures(2, rss_bytes=3e8, cpu_percent=None, uptime_seconds=90),
            "beat": processes.ProcessFigures(0),
        }
        assert processes.fullest_memory(last_hour()) == ("other", 71.5)

    def test_what_was_sampled_long_ago_says_nothing_of_now(self, clock: time_machine.Traveller) -> None:
        sample_labelled({"processes": {("web",): 9}, "host_memory_percent": {("one",): 40}}, ago=10)

        assert processes.sampled_processes(last_hour()) == {}
        assert processes.fullest_memory(last_hour()) is None


def test_a_layer_of_the_cache_hits_in_either_level(clock: time_machine.Traveller, meter: Meter) -> None:
    for layer, level, result, times in (
        ("client_data", "process", "hit", 20),
        ("client_data", "process", "miss", 80),
        ("client_data", "redis", "hit", 55),
        ("client_data", "redis", "miss", 25),
        ("client_data", "redis", "error", 3),
        ("dashboard", "process", "miss", 2),  # which has no second level
        ("thread", "redis", "error", 1),
    ):
        metrics.count("cache_requests_total", times, layer=layer, level=level, result=result)
    meter.flush()

    found = cache.layers(last_hour())

    assert found == [cache.LayerFigures("client_data", 75, 25, 3), cache.LayerFigures("dashboard", 0, 2, 0)]
    assert [layer.hit_percent for layer in found] == [75, 0]


def last_hour() -> Frame:
    return read(Window.last(timedelta(hours=1)))
