"""The short form of the fault suite: the real processes, killed at random, under load.

The long form is `python -m tests.faults run --minutes 5`; docs/reliability.md has its figures.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.mutants import MUTANTS, QUICK
from tests.faults.mutation import try_mutant
from tests.faults.runner import run
from tests.faults.scenarios import Fault, Scenario

pytestmark = pytest.mark.stack

SHORT = Scenario(
    name="short",
    about="kill -9 of everything and Redis down for a while",
    seconds=12,
    users=30,
    rate=8,
    concurrency=8,
    latency=(0.5, 2),
    faults=(
        Fault(3, "redis", {"mode": "refuse"}),
        Fault(4, "kill", {"victim": "worker"}, during_call=True),
        Fault(5, "kill", {"victim": "beat"}),
        Fault(6, "redis", {"mode": "pass"}),
        Fault(7, "kill", {"victim": "worker"}, during_call=True),
        Fault(8, "kill", {"victim": "redis"}),
        Fault(9, "kill", {"victim": "web"}),
    ),
    environment=QUICK,
    drain_seconds=40,
)


def test_nothing_is_lost_doubled_or_out_of_order_when_processes_are_killed(tmp_path: Path) -> None:
    report = run(SHORT, server_url=os.environ["DATABASE_URL"], folder=tmp_path, seed=7)
    assert report.violations == []
    assert report.problems == []
    assert report.figures.interrupted_calls, "no kill hit a turn: the run proved nothing"


def test_a_broken_rule_is_caught(tmp_path: Path) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "newest-first")
    quick = replace(mutant, scenario=replace(mutant.scenario, seconds=5, drain_seconds=10))
    assert try_mutant(quick, server_url=os.environ["DATABASE_URL"], folder=tmp_path, seed=7)
