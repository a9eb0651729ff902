"""The circuit breaker among several processes: few calls reach the dead, and one probe at a time."""

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from botsite.resilience.breaker import Breaker, Policy, State
from tests.botsite.resilience.breaker_process import POLICY, SLOW, BreakerProcess
from tests.processes import wait_until

PROCESSES = 4


@pytest.fixture(scope="module")
def crew() -> Iterator[list[BreakerProcess]]:
    with ExitStack() as stack:
        yield [stack.enter_context(BreakerProcess()) for _ in range(PROCESSES)]


@pytest.fixture
def name() -> str:
    return f"test:{uuid.uuid4().hex}"


class DeadService:
    """Takes connections, counts them, and ends them without a word."""

    def __init__(self) -> None:
        self.calls = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._refuse, daemon=True).start()

    def _refuse(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def service() -> Iterator[DeadService]:
    service = DeadService()
    yield service
    service.close()


def test_at_most_ten_of_sixty_calls_reach_a_dead_service(
    crew: list[BreakerProcess], name: str, service: DeadService
) -> None:
    name = SLOW + name
    for process in crew:
        assert process.ask("state", name) == "CLOSED"
    for process in crew:
        process.tell("attempt", name, service.port, 15)
    refused = sum(int(str(process.answer())) for process in crew)

    assert service.calls <= 10
    assert refused == 60 - service.calls


def test_one_process_alone_probes(crew: list[BreakerProcess], name: str) -> None:
    _open(name)

    for process in crew:
        process.tell("race", name, 1.5)  # the wait is 0.3 s, the lease of a probe 4 s
    admitted = [process.answer() for process in crew]

    assert sorted(map(str, admitted)) == ["0", "0", "0", "1"]


def test_a_probe_whose_process_is_killed_is_followed_by_another(
    crew: list[BreakerProcess], name: str
) -> None:
    _open(name)
    with BreakerProcess() as doomed:
        assert doomed.ask("probe", name) == "probing"
        doomed.kill()

    assert crew[0].ask("race", name, 0.2) == 0
    assert crew[0].ask("probe", name) == "probing"


def test_what_one_process_finds_dead_the_others_do_not_call(
    crew: list[BreakerProcess], name: str, service: DeadService
) -> None:
    assert crew[1].ask("state", name) == "CLOSED"
    breaker = Breaker(name, Policy())
    for _ in range(5):
        breaker.admit().failed()
    wait_until(lambda: crew[1].ask("state", name) == "OPEN")

    assert crew[1].ask("attempt", name, service.port, 5) == 5
    assert crew[2].ask("attempt", name, service.port, 5) == 5
    assert service.calls == 0


def test_the_recovery_is_known_to_all(crew: list[BreakerProcess], name: str) -> None:
    breaker = _open(name)
    for process in crew:
        assert process.ask("state", name) != "CLOSED"
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    breaker.admit().succeeded()

    wait_until(lambda: {process.ask("state", name) for process in crew} == {"CLOSED"})


def _open(name: str) -> Breaker:
    breaker = Breaker(name, POLICY)
    for _ in range(5):
        breaker.admit().failed()
    return breaker
