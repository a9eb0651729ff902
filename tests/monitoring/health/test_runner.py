"""Running the checks: deadlines, nothing that piles up, and a database that is away for a while."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import Error as DatabaseError
from django.db import OperationalError, connection
from django.utils import translation

from monitoring.health import runner as module
from monitoring.health.findings import Check, Finding
from monitoring.health.runner import Runner
from monitoring.models import HealthCheck, HealthSpan, Status
from monitoring.services import health_store
from monitoring.services.health_states import CheckState, states
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

MakeRunner = Callable[..., Runner]


def up() -> Finding:
    return Finding(Status.UP, latency_ms=1.0)


class Hanging:
    """A look that ends when it is let go, and counts how many were under way at once."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.begun = 0

    def __call__(self) -> Finding:
        self.begun += 1
        assert self.released.wait(20)
        return up()


@pytest.fixture
def make_runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeRunner]:
    """Runners of given checks, whose rounds wait for a tenth of a second and take nothing before its time."""
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.1)
    monkeypatch.setattr(module, "EARLY_SECONDS", 0.0)
    made = []

    def make(*checks: Check) -> Runner:
        made.append(Runner(lambda: list(checks)))
        return made[-1]

    yield make
    for runner in made:
        runner.stop()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    look = Hanging()
    yield look
    look.released.set()


def state_of(name: str) -> CheckState | None:
    return next((state for state in states() if state.name == name), None)


def status_after_round(runner: Runner, name: str) -> Status | None:
    runner.round()
    state = state_of(name)
    return state.status if state else None


def test_what_is_found_is_kept_and_looked_for_again_after_its_period(make_runner: MakeRunner) -> None:
    runner = make_runner(Check("redis", 60, 5, up), Check("broker", 0.01, 5, up))

    assert runner.round()["changed"] == 2
    wait_until(lambda: runner.round()["begun"] == 1)

    assert {state.name: state.status for state in states()} == {"redis": Status.UP, "broker": Status.UP}
    assert HealthSpan.objects.count() == 2


@pytest.mark.parametrize("reads_database", [False, True])
def test_a_look_that_hangs_is_down_at_its_deadline_and_is_not_begun_again(
    make_runner: MakeRunner, hanging: Hanging, reads_database: bool
) -> None:
    runner = make_runner(Check("redis", 0.05, 0.3, hanging, reads_database), Check("broker", 0.05, 5, up))

    wait_until(lambda: status_after_round(runner, "redis") is Status.DOWN)
    for _ in range(5):
        runner.round()

    state = state_of("redis")
    assert state is not None
    assert "0 s" in state.detail
    assert hanging.begun == 1
    assert len(runner._under_way) <= 2
    assert status_after_round(runner, "broker") is Status.UP
    hanging.released.set()
    wait_until(lambda: status_after_round(runner, "redis") is Status.UP)


def test_many_that_hang_do_not_keep_the_database_from_being_looked_at(
    make_runner: MakeRunner, hanging: Hanging
) -> None:
    channels = [Check(f"channel:{number}", 0.05, 0.2, hanging) for number in range(20)]
    runner = make_runner(*channels, Check("database", 0.05, 5, up, reads_database=True))

    wait_until(lambda: status_after_round(runner, "database") is Status.UP)
    wait_until(lambda: status_after_round(runner, "channel:0") is Status.DOWN)

    assert hanging.begun <= module.ASKING_THREADS
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("health_")][5:]


def test_a_look_that_fails_says_nothing_of_what_it_looks_at(make_runner: MakeRunner) -> None:
    def broken() -> Finding:
        raise ZeroDivisionError

    def without_database() -> Finding:
        raise OperationalError

    runner = make_runner(Check("redis", 60, 5, broken), Check("inbox", 60, 5, without_database))
    runner.round()

    assert {state.status for state in states()} == {Status.UNKNOWN}
    with translation.override("en"):
        details = {state.name: state.detail for state in states()}
    assert details == {
        "redis": "the check itself failed: see the log",
        "inbox": "the database did not answer",
    }


def test_what_was_found_while_nothing_could_be_stored_is_stored_afterwards(
    make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = iter([Status.UP, Status.DOWN, Status.UP])
    runner = make_runner(Check("database", 0.0, 5, lambda: Finding(next(statuses))))
    runner.round()

    with monkeypatch.context() as away:
        away.setattr(module, "findings_store", _raise)
        runner.round()
    assert [span.status for span in HealthSpan.objects.order_by("pk")] == ["up"]
    runner.round()

    assert [span.status for span in HealthSpan.objects.order_by("pk")] == ["up", "down", "up"]


def _raise(*_arguments: object, **_options: object) -> int:
    raise DatabaseError


def test_a_channel_that_is_no_more_is_not_shown_any_longer(
    make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TABLE_SECONDS", 0.0)
    there = [Check("channel:a", 0.0, 5, up), Check("redis", 0.0, 5, up)]
    runner = Runner(lambda: list(there))
    runner.round()
    assert HealthCheck.objects.count() == 2

    del there[0]
    runner.round()
    runner.stop()

    assert [state.name for state in states()] == ["redis"]


def test_without_the_database_at_the_start_what_every_site_has_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "standing", lambda: [Check("redis", 60, 5, up)])

    def unlisted() -> list[Check]:
        raise OperationalError

    runner = Runner(unlisted)
    counts = runner.round()
    runner.stop()

    assert counts["found"] == 1


def test_a_round_takes_few_statements(make_runner: MakeRunner) -> None:
    """Ten checks that touch no database: the list, forgetting, and the four of storing."""
    runner = make_runner(*(Check(f"channel:{number}", 60, 5, up) for number in range(10)))
    with connection.execute_wrapper(counter := Counter()):
        runner.round()

    assert counter.count <= 8
    assert health_store.findings_store({}, periods={}) == 0


class Counter:
    """Counts the statements of this thread's connection."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., object], *arguments: object) -> object:
        self.count += 1
        return execute(*arguments)
