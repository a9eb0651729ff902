"""The meter: exact sums from many threads and processes, through an outage, to the last count."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import redis
from pytest_django import Settings

from botsite.telemetry import meter_store
from botsite.telemetry.meter import Meter

ANSWERED = '["turns_total","answered"]'
KEY = ("turns_total", ("answered",))

# A process that counts once itself, once in a process forked in granian's way, and ends without a flush.
COUNTING_PROCESS = """
import multiprocessing, os
os.environ["DJANGO_SETTINGS_MODULE"] = "botsite.settings"
from botsite.telemetry import metrics
from botsite.telemetry.meter import install_meter

def count():
    metrics.count("turns_total", result="answered")

install_meter()
count()
child = multiprocessing.get_context("fork").Process(target=count)
child.start()
child.join()
"""


@pytest.fixture(autouse=True)
def _empty_redis(settings: Settings) -> Iterator[None]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield
        client.flushdb()


@pytest.fixture
def hanging_port() -> Iterator[int]:
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_threads_lose_no_count() -> None:
    meter = Meter(interval=0.01)
    threads = [threading.Thread(target=_add_many, args=(meter, 5000)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    meter.flush()

    assert _total() == 20_000


def test_counts_arrive_by_themselves() -> None:
    Meter(interval=0.01).add(ANSWERED, 1)

    deadline = time.monotonic() + 5
    while not _total() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _total() == 1


def test_several_processes_add_up_and_the_last_count_is_kept() -> None:
    subprocess.run([sys.executable, "-c", COUNTING_PROCESS], check=True, env=dict(os.environ), timeout=30)

    assert _total() == 2


def test_counts_outlive_an_outage_of_redis(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    meter, working = Meter(), settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(3):
        meter.add(ANSWERED, 1)
        assert not meter.flush()
    assert len(caplog.records) == 1  # one line an outage

    settings.REDIS_URL = working
    assert meter.flush()
    assert meter.flush()
    assert _total() == 3


def test_a_batch_that_arrived_without_our_knowing_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, add = Meter(), meter_store.add

    def add_and_hear_nothing(batch: meter_store.Batch) -> None:
        add(batch)
        raise redis.TimeoutError

    monkeypatch.setattr(meter_store, "add", add_and_hear_nothing)
    meter.add(ANSWERED, 3)
    assert not meter.flush()
    monkeypatch.setattr(meter_store, "add", add)
    meter.add(ANSWERED, 4)

    assert meter.flush()
    assert _total() == 7


def test_a_watched_minute_is_there_without_a_count() -> None:
    meter_store.mark_minute()
    meter_store.mark_minute()

    (minute,) = meter_store.minutes([meter_store.present_minute()])
    assert minute.series == {}
    assert minute.at.version == 2


def test_a_redis_that_hangs_holds_nobody_up(settings: Settings, hanging_port: int) -> None:
    meter = Meter()
    settings.REDIS_URL = f"redis://127.0.0.1:{hanging_port}/0"
    meter.add(ANSWERED, 1)
    began = time.monotonic()
    flushing = threading.Thread(target=meter.flush)
    flushing.start()
    meter.add(ANSWERED, 1)
    added = time.monotonic() - began
    flushing.join()

    assert added < 0.3
    assert time.monotonic() - began < 3


def test_a_minute_shows_what_was_counted_in_it(settings: Settings) -> None:
    meter = Meter()
    meter.add(ANSWERED, 2)
    meter.flush()

    now = meter_store.present_minute()
    (minute,) = meter_store.minutes([now - 1, now])

    assert minute.series[KEY].total == 2
    assert meter_store.minute_versions() == {minute.number: minute.at}
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        (key,) = client.scan_iter("botsite:metrics:minute:*")
        assert client.ttl(key) > (meter_store.MINUTES_KEPT - 1) * 60


def test_sums_of_seconds_may_mix_whole_and_broken_amounts() -> None:
    meter = Meter()
    total = json.dumps(["turn_seconds", "sum"])
    for amount in (0.25, 2):
        meter.add(total, amount)
        meter.flush()

    assert meter_store.totals()["turn_seconds", ()].total == pytest.approx(2.25)


def _add_many(meter: Meter, times: int) -> None:
    for _ in range(times):
        meter.add(ANSWERED, 1)


def _total() -> float:
    value = meter_store.totals().get(KEY)
    return value.total if value else 0
