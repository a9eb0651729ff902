"""Exact sums from several processes; what a killed one costs, and a Redis that is away or hangs."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from botsite.telemetry import metrics
from botsite.telemetry.meter import FLUSH_SECONDS, Meter
from monitoring.models import Granularity, MetricBucket
from monitoring.services.rollup import roll_up
from monitoring.services.series import Frame, Window, read
from tests.faults.stores import RedisServer, redis_server
from tests.monitoring.series.metering_process import MeteringProcess
from tests.processes import database_url_of_tests, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

COUNTERS, ROLLERS, TIMES = 4, 2, 5_000


@pytest.fixture
def server(tmp_path: Path, settings: Settings) -> Iterator[RedisServer]:
    """A Redis of the test's own; killed, it comes back empty."""
    with redis_server(tmp_path) as server:
        settings.REDIS_URL = f"redis://127.0.0.1:{server.port}/0"
        wait_until(lambda: is_up(server))
        yield server


def test_four_processes_count_while_two_roll_up(settings: Settings) -> None:
    urls = {"redis_url": settings.REDIS_URL, "database_url": database_url_of_tests()}
    with ExitStack() as stack:
        rollers = [
            stack.enter_context(MeteringProcess("roll_up_all_the_time()", **urls)) for _ in range(ROLLERS)
        ]
        counting = f"count_times({TIMES}, interval=0.05)"
        counters = [stack.enter_context(MeteringProcess(counting, **urls)) for _ in range(COUNTERS)]
        counted = sum(len(process.finish()) for process in counters)
        for roller in rollers:
            roller.finish()
    roll_up()

    assert counted == COUNTERS * TIMES
    assert last_hour().total("turns_total") == counted
    assert last_hour().count("turn_seconds") == counted
    assert last_hour().mean("turn_seconds") == pytest.approx(0.25)
    for granularity in Granularity:
        rows = MetricBucket.objects.filter(granularity=granularity)
        assert sum(row.data.get("turns_total", {}).get('["answered"]', 0) for row in rows) == counted


def test_a_killed_process_takes_the_last_five_seconds_with_it_at_the_most(settings: Settings) -> None:
    assert FLUSH_SECONDS <= 5
    urls = {"redis_url": settings.REDIS_URL, "database_url": database_url_of_tests()}
    with MeteringProcess("count_steadily(pause=0.01)", **urls) as process:
        times = process.count_for(FLUSH_SECONDS + 3)
        killed = time.monotonic()
        times += process.kill()

    late = 1.0  # a busy machine wakes a thread late
    older = sum(at < killed - FLUSH_SECONDS - late for at in times)
    assert 0 < older <= (last_hour().total("turns_total") or 0) <= len(times)


def test_an_outage_of_redis_loses_nothing_that_was_rolled_up_or_is_in_memory(
    meter: Meter, server: RedisServer
) -> None:
    count(meter, 3)
    roll_up()
    server.kill(restart_after=0)
    metrics.count("turns_total", 4, result="answered")
    assert not meter.flush()
    assert roll_up() == {"minutes": 0, "hours": 0}
    assert last_hour().total("turns_total") == 3
    server.start()
    wait_until(lambda: is_up(server))
    count(meter, 5)
    roll_up()

    assert last_hour().total("turns_total") == 12


def test_what_a_hanging_redis_did_take_is_not_counted_again(meter: Meter, server: RedisServer) -> None:
    count(meter, 1)
    assert server._process
    os.kill(server._process.pid, signal.SIGSTOP)
    try:
        metrics.count("turns_total", 4, result="answered")
        for _ in range(2):
            assert not meter.flush()  # the request lies in the socket of the sleeping server
    finally:
        os.kill(server._process.pid, signal.SIGCONT)
    wait_until(lambda: is_up(server))
    count(meter, 5)

    assert last_hour().total("turns_total") == 10


def count(meter: Meter, amount: int) -> None:
    metrics.count("turns_total", amount, result="answered")
    wait_until(meter.flush)


def is_up(server: RedisServer) -> bool:
    with redis.Redis(port=server.port, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def last_hour() -> Frame:
    return read(Window.last(timedelta(hours=1)))
