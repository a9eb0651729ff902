"""Gauges: sampled without Redis, the latest of a minute, means by the hour, and nothing made up."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.models import Budget, Thread
from conversations.shop.models import CustomerSession
from monitoring.models import MetricBucket, ProcessHeartbeat
from monitoring.services import gauge_samples
from monitoring.services.gauge_samples import sample_gauges
from monitoring.services.gauge_table import GAUGES
from monitoring.services.heartbeats import heartbeat
from monitoring.services.series import Frame, Window, read
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def channel(clock: time_machine.Traveller) -> Channel:
    return make_channel()


def test_how_things_stand(channel: Channel, settings: Settings) -> None:
    user = receive(channel, "hola", "¿abren hoy?")
    Thread.objects.create(user=user, token_count=settings.THREAD_TOKEN_THRESHOLD + 1)
    CustomerSession.objects.create(user=user, expires_at=timezone.now() + MINUTE)
    Budget.objects.create(channel=channel, daily_usd=Decimal(10))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert sample_gauges() > len(GAUGES)

    frame = last_hour()
    assert frame.gauge("inbox_messages", state="pending") == 2
    assert frame.gauge("inbox_messages") == 2
    assert frame.gauge("inbox_messages", state="parked") == 0
    assert frame.gauge("outbox_messages", state="unknown") == 0
    assert frame.gauge("forward_items", kind="qr", state="pending") == 0
    assert frame.gauge("high_token_threads") == 1
    assert frame.gauge("active_shop_sessions") == 1
    assert frame.gauge("active_conversations") == 1
    assert frame.gauge("budget_used_percent", budget=str(channel.pk), period="day") == 0
    assert frame.gauge("budget_used_percent", period="month") is None  # that has no limit


def test_processes_that_are_alive(channel: Channel) -> None:
    heartbeat("worker")
    long_ago = timezone.now() - timedelta(minutes=30)
    ProcessHeartbeat.objects.create(kind="web", host="x", pid=1, started_at=long_ago, seen_at=long_ago)

    sample_gauges()

    frame = last_hour()
    assert frame.gauge("processes", kind="worker") == 1
    assert frame.gauge("processes", kind="web") == 0
    assert (frame.gauge("process_memory_bytes", kind="worker") or 0) > 10_000_000
    assert (frame.gauge("process_uptime_seconds", kind="worker") or 0) > 0
    assert frame.gauge("process_memory_bytes", kind="web") is None
    assert 0 < (frame.gauge("host_memory_percent") or 0) < 100


def test_every_sampled_gauge_is_declared(channel: Channel) -> None:
    Budget.objects.create(channel=channel, daily_usd=Decimal(10))
    heartbeat("worker")
    sample_gauges()

    assert set(MetricBucket.objects.earliest("pk").data) == set(GAUGES)


def test_gauges_tell_nothing_of_counts(channel: Channel) -> None:
    sample_gauges()

    assert last_hour().total("turns_total") is None
    assert last_hour().as_of is None


def test_of_two_samples_in_a_minute_the_later_stands(channel: Channel) -> None:
    sample_gauges()
    receive(channel, "hola")
    sample_gauges()

    assert last_hour().gauge("inbox_messages", state="pending") == 1


def test_steps_are_means_and_holes_are_none(channel: Channel, clock: time_machine.Traveller) -> None:
    begin = timezone.now()
    for text in ("hola", "¿abren hoy?", "¿y mañana?"):
        receive(channel, text)
        sample_gauges()
        clock.shift(60)
    window = Window(begin, begin + 6 * MINUTE)

    points = read(window).gauge_points("inbox_messages", 2 * MINUTE, state="pending")

    assert [point.value for point in points] == [1.5, 3, None, None]


def test_a_month_has_means_of_hours_and_the_latest_sample(
    channel: Channel, clock: time_machine.Traveller
) -> None:
    for text in ("hola", "¿abren hoy?"):
        receive(channel, text)
        sample_gauges()
        clock.shift(60)
    frame = read(Window.last(timedelta(days=30)))

    assert frame.gauge("inbox_messages", state="pending") == 2
    last = frame.gauge_points("inbox_messages", timedelta(hours=1), state="pending")[-1]
    assert last.value == 1.5


def test_what_was_sampled_long_ago_is_not_how_it_stands(
    channel: Channel, clock: time_machine.Traveller
) -> None:
    sample_gauges()
    clock.shift(20 * 60)

    assert last_hour().gauge("inbox_messages", state="pending") is None


def test_what_cannot_be_read_is_left_out(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> gauge_samples.Samples:
        raise DatabaseError

    monkeypatch.setattr(gauge_samples, "_SAMPLERS", (broken, gauge_samples._messages))
    sample_gauges()

    assert last_hour().gauge("high_token_threads") is None
    assert last_hour().gauge("inbox_messages", state="pending") == 0


def test_a_round_costs_few_queries(
    channel: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    receive(channel, *(str(number) for number in range(10)))

    with django_assert_max_num_queries(14):
        sample_gauges()


def last_hour() -> Frame:
    return read(Window.last(timedelta(hours=1)))
