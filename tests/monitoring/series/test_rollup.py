"""Rolling up: nothing doubled, nothing lost, whatever comes late or twice."""

from datetime import timedelta

import pytest
import redis
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.telemetry import meter_store, metrics
from botsite.telemetry.meter import Meter
from monitoring.models import Granularity, MetricBucket
from monitoring.services.rollup import roll_up
from monitoring.services.series import Window, read
from tests.monitoring.series.conftest import NOON

pytestmark = pytest.mark.django_db


def test_a_minute_rolled_twice_counts_once(meter: Meter, clock: time_machine.Traveller) -> None:
    count(meter, 3)
    assert roll_up() == {"minutes": 1, "hours": 1}
    roll_up()
    clock.shift(60)
    roll_up()

    assert total(Granularity.MINUTE) == total(Granularity.HOUR) == 3


def test_what_is_flushed_into_a_rolled_minute_still_arrives(
    meter: Meter, clock: time_machine.Traveller
) -> None:
    count(meter, 3)
    roll_up()
    clock.shift(300)
    roll_up()
    clock.move_to(NOON)
    count(meter, 4)  # a process whose clock is five minutes behind
    clock.shift(330)
    roll_up()

    assert total(Granularity.MINUTE) == total(Granularity.HOUR) == 7


def test_after_a_flushall_what_was_rolled_up_stays_and_the_new_is_added(
    meter: Meter, clock: time_machine.Traveller, store: redis.Redis
) -> None:
    count(meter, 3)
    roll_up()
    store.flushdb()
    count(meter, 4)
    roll_up()

    assert total(Granularity.MINUTE) == total(Granularity.HOUR) == 7
    assert MetricBucket.objects.filter(granularity=Granularity.HOUR).count() == 1


def test_minutes_wait_in_redis_for_a_postgres_that_was_away(
    meter: Meter, clock: time_machine.Traveller
) -> None:
    for _ in range(3 * 60):
        count(meter, 1)
        clock.shift(60)
    for _ in range(4):
        roll_up()

    assert total(Granularity.MINUTE) == total(Granularity.HOUR) == 180
    assert MetricBucket.objects.filter(granularity=Granularity.HOUR).count() == 4


def test_an_older_copy_does_not_replace_a_newer_one(
    meter: Meter, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between another process's look at Redis and its writing we were there."""
    real = meter_store.minutes

    def slowly(numbers: list[int]) -> list[meter_store.MinuteCounts]:
        old = real(numbers)
        monkeypatch.setattr(meter_store, "minutes", real)
        count(meter, 4)
        roll_up()
        return old

    count(meter, 3)
    monkeypatch.setattr(meter_store, "minutes", slowly)
    roll_up()

    assert total(Granularity.MINUTE) == total(Granularity.HOUR) == 7


def test_durations_add_up_by_bucket(meter: Meter, clock: time_machine.Traveller) -> None:
    for seconds in (0.1, 0.1, 2.0):
        metrics.observe("turn_seconds", seconds)
        meter.flush()
        roll_up()
        clock.shift(60)
    clock.shift(timedelta(days=3))

    frame = read(Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1)))

    assert frame.count("turn_seconds") == 3
    assert frame.mean("turn_seconds") == pytest.approx(2.2 / 3)


def test_while_redis_is_away_nothing_is_written(
    meter: Meter, clock: time_machine.Traveller, settings: Settings
) -> None:
    working, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    metrics.count("turns_total", result="answered")
    assert not meter.flush()
    assert roll_up() == {"minutes": 0, "hours": 0}
    assert not MetricBucket.objects.exists()

    settings.REDIS_URL = working
    assert meter.flush()
    roll_up()
    assert total(Granularity.MINUTE) == 1


def test_an_unchanged_round_writes_the_present_minute_alone(
    meter: Meter, clock: time_machine.Traveller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(90):
        count(meter, 1)
        clock.shift(60)
    roll_up()
    roll_up()

    with django_assert_max_num_queries(8):  # versions twice, the lock, a minute, its hour, a savepoint
        assert roll_up() == {"minutes": 1, "hours": 1}


def count(meter: Meter, amount: int) -> None:
    metrics.count("turns_total", amount, result="answered")
    assert meter.flush()


def total(granularity: Granularity) -> float:
    rows = MetricBucket.objects.filter(granularity=granularity)
    return float(sum(row.data.get("turns_total", {}).get('["answered"]', 0) for row in rows))
