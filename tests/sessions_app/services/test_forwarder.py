"""The forwarder as it runs: in threads, in several processes, killed, stopped, and with Laravel away."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from sessions_app.models import Channel, Device, Forward, ForwardKind, ForwardState
from sessions_app.services import forwarder as forwarder_module
from sessions_app.services.forward_pause import pause_begin
from sessions_app.services.forwarder import Forwarder, Lane
from sessions_app.services.laravel import laravel_breaker
from tests.fakes.behaviour import Behaviour
from tests.fakes.laravel import FakeLaravel
from tests.processes import database_url_of_tests, wait_until
from tests.sessions_app.services.builders import apply, code, status
from tests.sessions_app.services.forwarder_process import ForwarderProcess
from tests.sessions_app.services.forwarding import make_due, states

Start = Callable[[], ForwarderProcess]


@pytest.fixture
def start(told: FakeLaravel) -> Iterator[Start]:
    """Start forwarders as processes, with short intervals and a lease that runs out soon enough."""
    environment = {
        "DATABASE_URL": database_url_of_tests(),
        "REDIS_URL": os.environ["REDIS_URL"],
        "LARAVEL_API_URL": told.api_url,
        "BATCH_SIZE": "20",
        "BATCH_INTERVAL_SECONDS": "0.2",
        "PRIORITY_INTERVAL_SECONDS": "0.1",
    }
    with ExitStack() as stack:
        yield lambda: stack.enter_context(ForwarderProcess(environment, lease_seconds=6))


@pytest.fixture
def forwarder(told: FakeLaravel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forwarder]:
    """A forwarder in this process, not started; stopped afterwards."""
    monkeypatch.setattr(forwarder_module, "IDLE_SECONDS", 0.05)
    running = Forwarder()
    yield running
    if running.is_running:
        running.stop()


def all_told(told: FakeLaravel) -> bool:
    """Whether Laravel knows every session as it is, and nothing waits any more."""
    waiting = Forward.objects.filter(state__in=(ForwardState.PENDING, ForwardState.SENDING))
    return not waiting.exists() and told.statuses() == dict(
        Device.objects.values_list("session_id", "status")
    )


def test_both_kinds_are_sent_when_they_are_due(
    told: FakeLaravel, channel: Channel, forwarder: Forwarder, settings: Settings
) -> None:
    settings.BATCH_INTERVAL_SECONDS = 0.1
    forwarder.start()
    apply(channel, code("2@abc"), status("active", "s2"))

    assert told.wait_for(lambda: bool(told.known["qr"] and told.known["status"]))
    assert told.statuses() == {"s2": "active"}


def test_a_disconnect_does_not_wait_for_a_slow_answer(
    told: FakeLaravel, channel: Channel, forwarder: Forwarder
) -> None:
    told.behave(Behaviour(delay=30))
    apply(channel, status("active"))
    make_due()
    forwarder.start()
    wait_until(lambda: states() == {"s1": "sending"})

    apply(channel, status("inactive", "s2"))

    assert told.wait_for(lambda: "s2" in told.statuses(), seconds=60)
    assert states()["s1"] == "sending"
    told.stopping.set()  # the slow answer comes


def test_a_graceful_stop_sends_what_is_not_due_yet(
    told: FakeLaravel, channel: Channel, forwarder: Forwarder
) -> None:
    apply(channel, *(status("active", f"s{number}") for number in range(70)), code("2@abc"))
    forwarder.start()

    forwarder.stop()

    assert len(told.statuses()) == 70
    assert set(states().values()) | set(states(ForwardKind.QR).values()) == {"delivered"}


def test_a_stop_with_laravel_away_ends_and_keeps_all(
    told: FakeLaravel, channel: Channel, forwarder: Forwarder
) -> None:
    told.behave(Behaviour(status=500, times=None))
    apply(channel, status("active"))
    forwarder.start()

    forwarder.stop()
    assert states() == {"s1": "pending"}


def test_a_lane_that_meets_an_error_goes_on(
    told: FakeLaravel, channel: Channel, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder_module, "FAILED_SECONDS", 0.05)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions_app_forward RENAME TO gone")
    try:
        forwarder.start()
        wait_until(lambda: forwarder.is_running)
        assert Lane(ForwardKind.STATUS).guarded_step() == 0.05
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gone RENAME TO sessions_app_forward")
    apply(channel, status("inactive"))

    assert told.wait_for(lambda: told.statuses() == {"s1": "inactive"})


def test_with_the_circuit_open_nothing_is_looked_for(told: FakeLaravel, channel: Channel) -> None:
    for _ in range(5):
        laravel_breaker().admit().failed()
    apply(channel, status("inactive"))
    make_due()

    with CaptureQueriesContext(connection) as queries:
        assert Lane(ForwardKind.STATUS).step() == forwarder_module.IDLE_SECONDS
    assert (len(queries), told.batches) == (0, [])


def test_a_pause_is_waited_for(told: FakeLaravel, channel: Channel) -> None:
    pause_begin(30, "HTTP 429")
    apply(channel, status("inactive"))
    make_due()

    assert Lane(ForwardKind.STATUS).step() == forwarder_module.IDLE_SECONDS
    assert (states(), told.batches) == ({"s1": "pending"}, [])


@pytest.mark.stack
def test_four_processes_of_which_two_are_killed_lose_and_double_nothing(
    told: FakeLaravel, channel: Channel, start: Start, settings: Settings
) -> None:
    settings.BATCH_INTERVAL_SECONDS, settings.PRIORITY_INTERVAL_SECONDS = 0.2, 0.1
    told.configure(seconds=0.05)
    crew = [start() for _ in range(4)]
    for each in crew:
        each.wait_until_ready()
    words, pick = ("active", "inactive", "pending", "waiting"), random.Random(7)

    for step in range(40):
        sessions = pick.sample(range(100), 15)
        apply(channel, *(status(pick.choice(words), f"s{number:02}") for number in sessions))
        if step in (12, 24):
            busy = len(told.batches)
            assert told.wait_for(lambda: len(told.batches) > busy)  # noqa: B023
            crew.pop().kill()

    wait_until(lambda: all_told(told), seconds=40)
    assert told.overtaken == 0
    assert told.concurrent == {}
    assert max(len(batch.items) for batch in told.batches) <= 20
    newest = dict(Forward.objects.values_list("device__session_id", "version"))
    assert told.versions("status") == newest


@pytest.mark.stack
def test_a_process_that_is_stopped_sends_what_waits(
    told: FakeLaravel, channel: Channel, start: Start, settings: Settings
) -> None:
    settings.BATCH_INTERVAL_SECONDS = 300
    process = start()
    process.wait_until_ready()
    apply(channel, *(status("active", f"s{number}") for number in range(5)))

    assert process.stop() == 0
    assert all_told(told)


@pytest.mark.stack
def test_after_an_outage_all_is_told_in_bounded_batches(
    told: FakeLaravel, channel: Channel, start: Start, settings: Settings
) -> None:
    settings.BATCH_INTERVAL_SECONDS = 0.1
    told.behave(Behaviour(status=503, times=None))
    crew = [start() for _ in range(2)]
    for each in crew:
        each.wait_until_ready()
    for word in ("active", "inactive", "pending"):
        apply(channel, *(status(word, f"s{number:03}") for number in range(150)))
    assert told.wait_for(lambda: len(told.batches) >= 5, seconds=60)
    told.reset()
    failed = len(told.batches)

    wait_until(lambda: all_told(told), seconds=60)  # the circuit is tried after 5 seconds, then 10
    after = told.batches[failed:]
    assert len(after) <= 150 / 20 + 10
    assert told.overtaken == 0
