"""Reading a window: exact to the last flush, honest about what nobody knows, in few questions."""

from datetime import datetime, timedelta

import pytest
import redis
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter
from botsite.telemetry.series import UndeclaredMetric
from monitoring.models import MetricBucket
from monitoring.services.rollup import roll_up
from monitoring.services.series import Frame, Point, Window, read
from tests.monitoring.series.conftest import NOON

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_of_a_time_when_nothing_ran_nothing_is_known(clock: time_machine.Traveller) -> None:
    frame = last_hour()

    assert frame.total("turns_total") is None
    assert frame.count("turn_seconds") is None
    assert frame.quantile("turn_seconds", 0.95) is None
    assert frame.gauge("high_token_threads") is None
    assert frame.totals_by("turns_total", "result") == {}
    assert frame.as_of is None
    assert {point.value for point in frame.points("turns_total", MINUTE)} == {None}


def test_an_idle_minute_is_zero_and_a_hole_is_none(meter: Meter, clock: time_machine.Traveller) -> None:
    roll_up()
    clock.shift(120)  # nobody watched the minute between
    count(meter, 2)

    points = read(Window(NOON - MINUTE, NOON + 3 * MINUTE)).points("turns_total", MINUTE)

    assert [point.value for point in points[1:]] == [0, None, 2, None]
    assert [point.at for point in points[1:2]] == [NOON.replace(second=0)]


def test_what_is_not_rolled_up_yet_is_there_and_nothing_twice(
    meter: Meter, clock: time_machine.Traveller
) -> None:
    for rolled in (True, False, True, False):
        count(meter, 1)
        if rolled:
            roll_up()
        clock.shift(20)
    count(meter, 1)

    frame = last_hour()

    assert frame.total("turns_total") == 5
    assert frame.total("turns_total", result="failed") == 0
    assert frame.as_of == NOON + timedelta(seconds=80)


def test_without_redis_it_is_as_of_the_last_roll_up(
    meter: Meter, clock: time_machine.Traveller, settings: Settings
) -> None:
    count(meter, 3)
    roll_up()
    clock.shift(20)
    count(meter, 1)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    frame = last_hour()

    assert frame.total("turns_total") == 3
    assert frame.as_of == NOON


def test_of_a_minute_in_which_redis_was_emptied_both_parts_count(
    meter: Meter, clock: time_machine.Traveller, store: redis.Redis
) -> None:
    count(meter, 3)
    roll_up()
    store.flushdb()
    count(meter, 4)

    frame = last_hour()

    assert frame.total("turns_total") == 7


def test_labels_restrict_and_divide(meter: Meter, clock: time_machine.Traveller) -> None:
    metrics.count("ai_requests_total", 5, provider="openai", result="ok")
    metrics.count("ai_requests_total", 2, provider="openai", result="refused")
    metrics.count("ai_requests_total", 1, provider='a"b,ñ', result="ok")
    meter.flush()

    frame = last_hour()

    assert frame.total("ai_requests_total", provider="openai") == 7
    assert frame.totals_by("ai_requests_total", "provider") == {"openai": 7, 'a"b,ñ': 1}
    assert frame.totals_by("ai_requests_total", "provider", result="refused") == {"openai": 2}
    by_result = frame.points_by("ai_requests_total", "result", HOUR, provider="openai")
    assert {result: points[-1].value for result, points in by_result.items()} == {"ok": 5, "refused": 2}


def test_the_same_in_minutes_and_in_hours(meter: Meter, clock: time_machine.Traveller) -> None:
    for number in range(100):
        count(meter, number)
        metrics.observe("ai_request_seconds", 0.05 * (number + 1), provider="openai")
        clock.shift(60)
    meter.flush()
    for _ in range(3):
        roll_up()
    window = Window(NOON.replace(minute=0, second=0), NOON + 2 * HOUR)
    by_minute = read(window)
    clock.shift(timedelta(days=3))
    MetricBucket.objects.filter(granularity="minute").delete()
    by_hour = read(window)

    assert by_minute.granularity != by_hour.granularity
    for frame in (by_minute, by_hour):
        assert frame.total("turns_total") == sum(range(100))
        assert [point.value for point in frame.points("turns_total", HOUR)][:2] == [
            sum(range(60)),
            sum(range(60, 100)),
        ]
        assert frame.count("ai_request_seconds", provider="openai") == 100
        assert frame.quantile("ai_request_seconds", 0.5) == pytest.approx(2.5, rel=0.2)
    assert by_minute.quantile("ai_request_seconds", 0.99) == by_hour.quantile("ai_request_seconds", 0.99)


def test_steps_cannot_be_finer_than_what_is_stored(clock: time_machine.Traveller) -> None:
    frame = read(Window.last(timedelta(days=7)))

    assert len(frame.points("turns_total", MINUTE)) == 7 * 24 + 1


def test_days_begin_at_midnight_of_the_sites_zone(clock: time_machine.Traveller, settings: Settings) -> None:
    settings.TIME_ZONE = "America/Argentina/Buenos_Aires"

    points = read(Window.last(timedelta(days=7))).points("turns_total", timedelta(days=1))

    assert {(point.at.hour, point.at.minute) for point in points} == {(3, 0)}
    assert points[-1].at.date() == NOON.date()


@pytest.mark.parametrize("length", [HOUR, timedelta(days=30)])
def test_a_page_costs_one_query(
    meter: Meter,
    clock: time_machine.Traveller,
    length: timedelta,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    count(meter, 1)
    roll_up()

    with django_assert_num_queries(1):
        frame = read(Window.last(length), {"turns_total", "turn_seconds", "inbox_messages"})
        frame.points("turns_total", HOUR)
        frame.quantile_points("turn_seconds", 0.95, HOUR)
        frame.gauge_points("inbox_messages", HOUR, state="pending")
    assert frame.total("turns_total") == 1


def test_only_the_named_are_read(meter: Meter, clock: time_machine.Traveller) -> None:
    count(meter, 2)
    metrics.count("race_errors_total")
    meter.flush()
    roll_up()
    clock.shift(60)
    count(meter, 3)

    frame = read(Window.last(HOUR), {"turns_total", "turn_seconds"})

    assert frame.total("turns_total") == 5
    assert frame.count("turn_seconds") == 0
    with pytest.raises(UndeclaredMetric, match="race_errors_total"):
        frame.total("race_errors_total")
    with pytest.raises(UndeclaredMetric, match="inbox_messages"):
        frame.gauge("inbox_messages")


def test_only_what_is_declared_may_be_asked(clock: time_machine.Traveller) -> None:
    frame = last_hour()

    for mistake in (
        lambda: frame.total("turns_totl"),
        lambda: frame.total("turn_seconds"),
        lambda: frame.total("turns_total", outcome="answered"),
        lambda: frame.totals_by("turns_total", "outcome"),
        lambda: frame.totals_by("no_such", "outcome"),
        lambda: frame.quantile("turns_total", 0.5),
        lambda: frame.gauge("no_such"),
    ):
        with pytest.raises(UndeclaredMetric):
            mistake()


def test_a_window_is_aware_and_has_a_length() -> None:
    with pytest.raises(ValueError, match="aware"):
        Window(datetime(2026, 1, 1), NOON)  # noqa: DTZ001
    with pytest.raises(ValueError, match="ends after"):
        Window(NOON, NOON)


def test_points_hold_the_steps_of_the_window(clock: time_machine.Traveller) -> None:
    points = read(Window(NOON, NOON + 2 * MINUTE)).points("turns_total", MINUTE)

    start = NOON.replace(second=0)
    assert points == [Point(start + number * MINUTE, None) for number in range(3)]


def count(meter: Meter, amount: int) -> None:
    metrics.count("turns_total", amount, result="answered")
    assert meter.flush()


def last_hour() -> Frame:
    return read(Window.last(HOUR))
