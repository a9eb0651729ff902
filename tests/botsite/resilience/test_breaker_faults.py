"""The circuit breaker while Redis is emptied, refuses or hangs."""

import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings as site_settings
from django_redis import get_redis_connection
from pytest_django import Settings
from redis import ConnectionPool

from botsite.resilience.breaker import Breaker, BreakerOpen, Policy, State
from botsite.resilience.breaker_shared import circuit_force
from botsite.resilience.breaker_successes import successes
from botsite.resilience.redis_rest import resting_redis
from tests.faults.proxy import Mode, TcpProxy
from tests.processes import wait_until

QUICK = Policy(recovery_seconds=0.2, probe_seconds=0.3)
SLOW = Policy()


@pytest.fixture
def name() -> str:
    return f"test:{uuid.uuid4().hex}"


@pytest.fixture
def proxy(settings: Settings) -> Iterator[TcpProxy]:
    """Stands before Redis; what it does is undone at the end."""
    successes.report()  # those of other tests have nothing to do with it
    target = ConnectionPool.from_url(site_settings.REDIS_URL).connection_kwargs
    upstream = target.get("path") or (target["host"], target["port"])
    with TcpProxy(upstream) as proxy:
        location = f"redis://127.0.0.1:{proxy.port}/{target.get('db', 0)}"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
        yield proxy


def trip(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.admit().failed()


def told(caplog: pytest.LogCaptureFixture, event: str) -> int:
    return sum(isinstance(record.msg, dict) and record.msg["event"] == event for record in caplog.records)


def test_an_open_circuit_outlives_a_flush(name: str) -> None:
    breaker = Breaker(name, SLOW)
    trip(breaker)
    get_redis_connection("default").flushdb()
    with pytest.raises(BreakerOpen):
        breaker.admit()

    wait_until(lambda: breaker.state() and Breaker(name, SLOW).state() is State.OPEN)


def test_what_staff_opened_outlives_a_flush_in_whoever_knew_it(name: str) -> None:
    circuit_force(name, by="ana")
    breaker = Breaker(name, SLOW)
    assert breaker.state() is State.OPEN
    get_redis_connection("default").flushdb()

    wait_until(lambda: breaker.state() and Breaker(name, SLOW).state() is State.OPEN)
    assert Breaker(name, SLOW)._look(take_probe=False).circuit.by == "ana"


def test_a_probe_outlives_a_flush_and_stays_the_only_one(name: str) -> None:
    breaker = Breaker(name, Policy(recovery_seconds=0.05))
    trip(breaker)
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    probe = breaker.admit()
    get_redis_connection("default").flushdb()
    breaker._look(take_probe=False)

    with pytest.raises(BreakerOpen):
        Breaker(name, SLOW).admit()
    probe.succeeded()
    assert Breaker(name, SLOW).state() is State.CLOSED


def test_a_flush_while_closed_costs_no_more_than_the_count(name: str) -> None:
    breaker = Breaker(name, SLOW)
    breaker.admit().succeeded()
    for _ in range(3):
        breaker.admit().failed()
    get_redis_connection("default").flushdb()
    trip(breaker)

    assert breaker.state() is State.OPEN


@pytest.mark.parametrize("mode", ["refuse", "hang"])
def test_without_redis_a_process_goes_by_what_it_sees_itself(
    name: str, proxy: TcpProxy, mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = Breaker(name, QUICK)
    breaker.admit().succeeded()
    breaker.report_successes()
    proxy.set_mode(mode)

    trip(breaker)
    with pytest.raises(BreakerOpen):
        breaker.admit()
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    probe = breaker.admit()
    with pytest.raises(BreakerOpen):
        breaker.admit()
    probe.succeeded()

    assert breaker.state() is State.CLOSED
    for _ in range(50):
        breaker.admit().succeeded()
    assert told(caplog, "REDIS_AWAY") == 1  # and its timeout was paid once
    assert told(caplog, "CIRCUIT_OPENED") == told(caplog, "CIRCUIT_CLOSED") == 1


def test_what_was_learnt_alone_is_told_when_redis_is_back(name: str, proxy: TcpProxy) -> None:
    breaker = Breaker(name, SLOW)
    breaker.admit().succeeded()
    breaker.report_successes()
    proxy.set_mode("refuse")
    trip(breaker)
    proxy.set_mode("pass")
    resting_redis._resting_until = 0.0

    wait_until(lambda: breaker.state() and Breaker(name, SLOW).state() is State.OPEN)


def test_an_older_view_gives_way_when_redis_is_back(name: str, proxy: TcpProxy) -> None:
    lonely, other = Breaker(name, SLOW), Breaker(name, QUICK)
    lonely.admit().succeeded()
    lonely.report_successes()
    trip(other)  # later generations than what `lonely` knows and learns alone
    wait_until(lambda: other.state() is State.HALF_OPEN)
    other.admit().succeeded()
    proxy.set_mode("refuse")
    trip(lonely)
    assert lonely.state() is not State.CLOSED
    proxy.set_mode("pass")
    resting_redis._resting_until = 0.0

    wait_until(lambda: lonely.state() is State.CLOSED)
    assert other.state() is State.CLOSED


def test_a_probe_begun_with_redis_may_end_without_it(name: str, proxy: TcpProxy) -> None:
    breaker = Breaker(name, QUICK)
    trip(breaker)
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    probe = breaker.admit()
    proxy.set_mode("refuse")
    probe.succeeded()

    assert breaker.state() is State.CLOSED


def test_after_the_rest_one_thread_tries_redis_again(proxy: TcpProxy, name: str) -> None:
    breaker = Breaker(name, SLOW)
    proxy.set_mode("refuse")
    breaker.admit().succeeded()
    proxy.set_mode("pass")
    assert Breaker(name, SLOW)._known.generation == 0
    resting_redis._resting_until = 0.000_1  # the rest is over
    breaker.admit().failed()

    assert Breaker(name, SLOW)._look(take_probe=False).failures == 1
