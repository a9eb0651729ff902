"""The circuit breaker's rules, as one process sees them, over a real Redis."""

import os
import time
import uuid
from collections.abc import Callable
from itertools import count

import pytest

from botsite.resilience.breaker import Breaker, BreakerOpen, Permit, Policy, State, get_breaker
from botsite.resilience.breaker_shared import circuit_force, circuits
from botsite.resilience.breaker_state import Outcome
from botsite.resilience.breaker_successes import successes
from tests.processes import wait_until
from tests.recording import RecordedMetrics

QUICK = Policy(recovery_seconds=0.2, longest_recovery_seconds=0.5, probe_seconds=0.3)


@pytest.fixture
def name() -> str:
    return f"test:{uuid.uuid4().hex}"


@pytest.fixture
def breaker(name: str) -> Breaker:
    return Breaker(name, QUICK)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.admit().failed()


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.admit().succeeded()


def probe(breaker: Breaker) -> Permit:
    """The permit of the probe, as soon as there is one."""
    permits: list[Permit] = []
    wait_until(lambda: _admitted(breaker, permits))
    return permits[0]


def _admitted(breaker: Breaker, permits: list[Permit]) -> bool:
    try:
        permits.append(breaker.admit())
    except BreakerOpen:
        return False
    return True


def refusal(breaker: Breaker) -> float:
    """How long the breaker asks to wait."""
    with pytest.raises(BreakerOpen) as refused:
        breaker.admit()
    return refused.value.retry_after


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 4)
    assert breaker.state() is State.CLOSED
    fail(breaker)

    assert breaker.state() is State.OPEN
    assert 0 < refusal(breaker) <= 0.2


def test_half_of_ten_calls_failing_opens_it(breaker: Breaker) -> None:
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    fail(breaker)
    assert breaker.state() is State.CLOSED  # 5 of 9
    succeed(breaker)

    assert breaker.state() is State.OPEN


def test_fewer_than_half_failing_leaves_it_closed(breaker: Breaker) -> None:
    for _ in range(10):
        succeed(breaker, 5)
        fail(breaker, 4)

    assert breaker.state() is State.CLOSED


def test_a_success_ends_the_row_of_failures(breaker: Breaker) -> None:
    fail(breaker, 4)
    succeed(breaker)
    fail(breaker, 4)

    assert breaker.state() is State.CLOSED


def test_failures_leave_the_window_while_calls_go_on(name: str) -> None:
    breaker = Breaker(name, Policy(window_seconds=0.5))
    succeed(breaker)
    fail(breaker, 4)
    assert circuits()[name].failures == 4
    made = count(6)

    def failures_are_gone() -> bool:
        succeed(breaker)
        breaker.report_successes()
        next(made)
        return circuits()[name].failures == 0

    wait_until(failures_are_gone)

    assert 0 < circuits()[name].calls < next(made) - 4
    assert breaker.state() is State.CLOSED


def test_successes_are_counted_a_moment_later_and_together(
    breaker: Breaker, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker.state()
    reported: list[int] = []
    monkeypatch.setattr(breaker, "_report", _noting(breaker._report, reported))
    succeed(breaker, 20)

    wait_until(lambda: name in circuits() and circuits()[name].calls == 20)
    assert sum(reported) == 20
    assert len(reported) < 20


def _noting(report: Callable[[int, Outcome, int], None], reported: list[int]) -> Callable[..., None]:
    def noting(generation: int, outcome: Outcome, times: int) -> None:
        report(generation, outcome, times)
        reported.append(times)

    return noting


def test_successes_that_came_before_a_failure_are_counted_before_it(breaker: Breaker, name: str) -> None:
    fail(breaker, 4)
    succeed(breaker, 3)
    fail(breaker)

    assert (circuits()[name].calls, circuits()[name].failures) == (8, 5)
    assert breaker.state() is State.CLOSED


def test_a_forked_child_leaves_its_parents_successes_to_the_parent(breaker: Breaker, name: str) -> None:
    breaker.state()
    succeed(breaker, 5)
    child = os.fork()
    if not child:
        os._exit(len(successes.take(breaker)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    breaker.report_successes()
    wait_until(lambda: circuits()[name].calls == 5)


def test_what_the_caller_did_wrong_does_not_count(breaker: Breaker) -> None:
    fail(breaker, 4)
    for _ in range(10):
        breaker.admit().ignored()
    assert breaker.state() is State.CLOSED
    fail(breaker)

    assert breaker.state() is State.OPEN


def test_it_tells_how_long_it_has_been_open_and_when_it_may_be_tried(name: str) -> None:
    slow = Breaker(name, Policy())
    assert (slow.seems_open(), slow.retry_after(), slow.open_seconds()) == (False, 0, 0)
    fail(slow, 5)

    assert slow.seems_open()
    assert 0 < slow.retry_after() <= Policy().recovery_seconds
    assert slow.open_seconds() >= 0


def test_it_has_been_open_since_before_its_failed_probes(breaker: Breaker) -> None:
    fail(breaker, 5)
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    assert not breaker.seems_open()
    assert breaker.retry_after() == 0

    probe(breaker).failed()
    assert breaker.open_seconds() >= QUICK.recovery_seconds
    probe(breaker).succeeded()
    assert (breaker.retry_after(), breaker.open_seconds()) == (0, 0)


def test_what_another_has_closed_is_known_when_it_is_asked_about(name: str) -> None:
    slow = Breaker(name, Policy())
    fail(slow, 5)
    circuit_force(name, by="")

    assert slow.state(ask=True) is State.CLOSED


def test_a_closed_circuit_is_not_asked_about(name: str, breaker: Breaker) -> None:
    breaker.admit().succeeded()
    fail(Breaker(name, QUICK), 5)

    assert not breaker.seems_open()


def test_one_call_probes_and_its_success_closes(breaker: Breaker) -> None:
    fail(breaker, 5)
    permit = probe(breaker)
    assert 0 < refusal(breaker) <= 0.3
    permit.succeeded()

    assert breaker.state() is State.CLOSED
    fail(breaker, 4)
    assert breaker.state() is State.CLOSED  # what failed before the recovery is forgotten


def test_each_failed_probe_doubles_the_wait_up_to_a_cap(breaker: Breaker) -> None:
    fail(breaker, 5)
    waits = []
    for _ in range(3):
        probe(breaker).failed()
        waits.append(refusal(breaker))

    assert 0.2 < waits[0] <= 0.4 < waits[1] <= 0.5
    assert 0.4 < waits[2] <= 0.5


def test_the_defaults_try_an_open_circuit_within_five_minutes() -> None:
    policy = Policy()

    assert [policy.wait_after(n) for n in (1, 2, 3, 4, 100_000)] == [60, 90, 90, 90, 90]
    assert policy.longest_recovery_seconds + policy.probe_seconds < 300


def test_a_probe_that_says_nothing_is_given_back(breaker: Breaker) -> None:
    fail(breaker, 5)
    probe(breaker).ignored()
    breaker.admit().succeeded()

    assert breaker.state() is State.CLOSED


def test_a_lost_probe_is_followed_by_another_and_then_has_no_say(breaker: Breaker) -> None:
    fail(breaker, 5)
    lost = probe(breaker)
    assert refusal(breaker) > 0
    probe(breaker)
    lost.failed()

    assert breaker.state() is State.HALF_OPEN  # the second probe is under way


def test_calls_begun_before_a_transition_do_not_move_the_new_state(breaker: Breaker) -> None:
    old = [breaker.admit() for _ in range(20)]
    fail(breaker, 5)
    old[0].succeeded()
    assert breaker.state() is State.OPEN
    probe(breaker).succeeded()
    for permit in old[1:]:
        permit.failed()

    assert breaker.state() is State.CLOSED


def test_an_answer_that_was_overtaken_teaches_nothing(breaker: Breaker) -> None:
    before = breaker._look(take_probe=False).circuit
    fail(breaker, 5)
    breaker._learn(before)

    assert breaker.state() is State.OPEN


def test_a_permit_counts_once(breaker: Breaker) -> None:
    permit = breaker.admit()
    for _ in range(10):
        permit.failed()

    assert breaker.state() is State.CLOSED


def test_a_block_is_reported_by_how_it_ends(breaker: Breaker) -> None:
    for _ in range(5):
        with pytest.raises(OSError, match="dead"), breaker.call():
            raise OSError("dead")
    with pytest.raises(BreakerOpen), breaker.call():
        pytest.fail("it was let in")
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    with breaker.call():
        pass

    assert breaker.state() is State.CLOSED


def test_what_a_block_reports_itself_stands(breaker: Breaker) -> None:
    for _ in range(10):
        with pytest.raises(ValueError, match="404"):
            _call_what_is_not_there(breaker)

    assert breaker.state() is State.CLOSED


def _call_what_is_not_there(breaker: Breaker) -> None:
    with breaker.call() as permit:
        permit.ignored()
        raise ValueError("404")


def test_the_end_of_the_process_is_nobodys_failure(breaker: Breaker) -> None:
    for _ in range(10):
        with pytest.raises(KeyboardInterrupt), breaker.call():
            raise KeyboardInterrupt

    assert breaker.state() is State.CLOSED


def test_transitions_are_logged_and_counted_once(
    name: str, recorded: RecordedMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    breaker, other = Breaker(name, QUICK), Breaker(name, QUICK)
    other.admit().succeeded()
    fail(breaker, 5)
    assert other._look(take_probe=False).circuit.is_open
    probe(breaker).failed()
    probe(other).succeeded()

    told = [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
    assert told == ["CIRCUIT_OPENED", "CIRCUIT_OPENED", "CIRCUIT_CLOSED"]
    assert recorded.total("circuit_trips_total", name) == 2


def test_a_process_has_one_breaker_of_a_name(name: str) -> None:
    assert get_breaker(name) is get_breaker(name)


def test_opened_by_hand_it_stays_open_until_it_is_closed_by_hand(name: str, breaker: Breaker) -> None:
    late = breaker.admit()
    circuit_force(name, by="ana")
    late.succeeded()

    assert breaker.state() is State.OPEN
    assert refusal(breaker) == QUICK.longest_recovery_seconds
    assert refusal(Breaker(name, QUICK)) == QUICK.longest_recovery_seconds
    assert circuits()[name].circuit.by == "ana"

    circuit_force(name, by="")
    wait_until(lambda: breaker.state() is State.CLOSED)
    breaker.admit()


def test_a_circuit_that_opened_by_itself_can_be_closed_by_hand(name: str, breaker: Breaker) -> None:
    fail(breaker, 5)

    assert circuit_force(name, by="").was is State.OPEN
    wait_until(lambda: breaker.state() is State.CLOSED)
    fail(breaker, 4)
    assert breaker.state() is State.CLOSED


def test_what_is_so_already_is_no_transition(name: str) -> None:
    assert circuit_force(name, by="").was is None
    assert circuit_force(name, by="ana").was is State.CLOSED
    assert circuit_force(name, by="eva").was is None
    assert circuits()[name].circuit.by == "ana"


def test_every_circuit_in_use_can_be_read(name: str, breaker: Breaker) -> None:
    other = Breaker(f"{name}:other", Policy(window_seconds=1000))
    fail(other, 2)
    succeed(other, 3)
    fail(breaker, 5)
    other.report_successes()

    found = circuits()

    assert found[name].circuit.state(time.monotonic()) is State.OPEN
    assert (found[name].calls, found[name].failures) == (5, 5)
    assert found[other.name].circuit.state(time.monotonic()) is State.CLOSED
    assert (found[other.name].calls, found[other.name].failures) == (5, 2)
