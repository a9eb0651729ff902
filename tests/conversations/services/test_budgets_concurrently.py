"""Many workers at one budget at once: what is spent and reserved never passes the limit."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest
from django.db import connection

from conversations.models import Budget, BudgetAlert, Run, RunState
from conversations.services import budgets
from conversations.services.budgets import Step
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.services.books_process import BooksProcess
from tests.conversations.services.budget_builders import make_budget, make_run, make_thread, reserved, spent

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8
RUNS_EACH = 6
PROCESSES = 4
USD = Decimal("0.07")
LIMIT = Decimal(1)
FITTING = 14
"""How many times USD goes into LIMIT."""


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return make_channel()


@pytest.fixture(scope="module")
def crew(test_database: str) -> Iterator[list[BooksProcess]]:
    with ExitStack() as stack:
        started = [BooksProcess(database=test_database) for _ in range(PROCESSES)]
        yield [stack.enter_context(process) for process in started]


def make_runs(channel: Channel, count: int) -> list[int]:
    return [make_run(channel, thread=make_thread(channel)).pk for _ in range(count)]


class Watcher:
    """Looks at a budget's books all the while, as one who trusts nobody."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.most = Decimal(0)
        self.looks = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._done.is_set() or not self.looks:
                self.most = max(self.most, self._used())
                self.looks += 1
        finally:
            connection.close()

    def _used(self) -> Decimal:
        """What is spent and reserved today, in one statement: two could see two moments."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce((SELECT sum(spent_usd) FROM conversations_budgetspending"
                " WHERE budget_id = %(id)s AND period = 'day'), 0)"
                " + coalesce((SELECT sum(amount_usd) FROM conversations_budgetcharge"
                " WHERE budget_id = %(id)s AND settled_at IS NULL), 0)",
                {"id": self.budget.pk},
            )
            return Decimal(cursor.fetchone()[0])


def test_threads_never_overshoot_and_use_all_there_is(channel: Channel) -> None:
    budget = make_budget(channel, daily=str(LIMIT))
    runs = make_runs(channel, THREADS * RUNS_EACH)
    steps: list[Step] = []
    together = threading.Barrier(THREADS)

    def work(mine: list[int]) -> None:
        try:
            together.wait(20)
            for number, run in enumerate(mine):
                allowance = budgets.reserve(channel.pk, run_id=run, estimate_usd=USD)
                steps.append(allowance.step)
                if number % 2 and allowance.step is not Step.OFFLINE:
                    budgets.settle(run, USD, channel_id=channel.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(runs[start::THREADS],)) for start in range(THREADS)]
    with Watcher(budget) as watcher:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert watcher.most <= LIMIT
    assert len(steps) == len(runs)
    assert len(steps) - steps.count(Step.OFFLINE) == FITTING
    assert reserved(budget) + _spent_today(spent(budget)) == FITTING * USD


def test_processes_never_overshoot_and_use_all_there_is(channel: Channel, crew: list[BooksProcess]) -> None:
    budget = make_budget(channel, daily=str(LIMIT), monthly="100")
    make_budget(None, monthly="50")
    runs = make_runs(channel, PROCESSES * RUNS_EACH * 2)

    with Watcher(budget) as watcher:
        for number, process in enumerate(crew):
            command = ("race", "reserve")[number % 2]
            process.tell(command, channel.pk, USD, *runs[number::PROCESSES])
        steps = [step for process in crew for step in _steps(process.answer())]

    assert watcher.most <= LIMIT
    assert len(steps) - steps.count("offline") == FITTING
    assert reserved(budget) + _spent_today(spent(budget)) == FITTING * USD


def test_each_level_is_told_of_once_whoever_reaches_it(channel: Channel, crew: list[BooksProcess]) -> None:
    make_budget(channel, daily=str(LIMIT))
    runs = make_runs(channel, PROCESSES * RUNS_EACH)

    for number, process in enumerate(crew):
        process.tell("race", channel.pk, USD, *runs[number::PROCESSES])
    for process in crew:
        process.answer()

    assert sorted(BudgetAlert.objects.values_list("period", "level")) == [("day", "limit"), ("day", "warn")]


def test_what_a_killed_worker_had_reserved_is_free_once_its_run_is_closed(
    channel: Channel, test_database: str
) -> None:
    budget = make_budget(channel, daily=str(LIMIT))
    run, *others = make_runs(channel, 3)
    with BooksProcess(database=test_database) as worker:
        assert worker.ask("reserve", channel.pk, "0.9", run) == ["full"]
        worker.kill()
    assert budgets.reserve(channel.pk, run_id=others[0], estimate_usd=Decimal("0.5")).step is Step.OFFLINE

    Run.objects.filter(pk=run).update(state=RunState.CRASHED, usage_unknown=False)

    assert budgets.reserve(channel.pk, run_id=others[1], estimate_usd=Decimal("0.5")).step is Step.FULL
    assert reserved(budget) == Decimal("0.5")


def _steps(answer: object) -> list[str]:
    assert isinstance(answer, list)
    return answer


def _spent_today(amounts: dict[str, Decimal]) -> Decimal:
    return sum((usd for account, usd in amounts.items() if account.startswith("day")), Decimal(0))
