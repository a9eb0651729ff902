"""Contenders take turns, warm up first, and are judged by their ratio."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.bench import Contender, Figure, House, Sample, Target
from benchmarks.report import as_json, table
from benchmarks.runner import measure_by_turns, run

SPEED = Figure("speed", "m/s")
HOUSE = House(database_url="", redis_url="", folder=Path())


@dataclass
class Runner:
    """Goes through `speeds`, one a round, the first while warming up, and notes when it was its turn."""

    name: str
    speeds: Iterator[float]
    turns: list[str]

    def measure(self) -> Sample:
        self.turns.append(self.name)
        return {SPEED: next(self.speeds)}


@dataclass
class Race:
    """A bench whose contenders are given."""

    runners: Sequence[Contender]
    targets: Sequence[Target] = ()
    about: str = "who is faster"

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        yield self.runners


def runners(ours: Sequence[float], theirs: Sequence[float]) -> tuple[list[Contender], list[str]]:
    turns: list[str] = []
    return [Runner("hare", iter(ours), turns), Runner("tortoise", iter(theirs), turns)], turns


def test_the_order_alternates_and_the_warm_up_does_not_count() -> None:
    contenders, turns = runners([99, 1, 2, 3], [99, 4, 5, 6])

    samples = measure_by_turns(contenders, 3)

    assert turns == ["tortoise", "hare", "hare", "tortoise", "tortoise", "hare", "hare", "tortoise"]
    assert samples == {
        "hare": [{SPEED: 1}, {SPEED: 2}, {SPEED: 3}],
        "tortoise": [{SPEED: 4}, {SPEED: 5}, {SPEED: 6}],
    }


def test_ratios_are_ours_to_the_others() -> None:
    contenders, _ = runners([0, 2, 4, 6, 8, 10], [0, 1, 1, 1, 1, 1])

    (row,) = run("race", Race(contenders), HOUSE, quick=False).rows

    assert (row.summaries["hare"].median, row.summaries["tortoise"].median) == (6, 1)
    assert list(row.ratios) == ["tortoise"]
    assert row.ratios["tortoise"].median == 6
    assert row.is_noisy


@pytest.mark.parametrize(
    ("target", "is_missed"),
    [
        (Target(figure=SPEED, against="tortoise", at_least=2), False),
        (Target(figure=SPEED, against="tortoise", at_least=2.1), True),
        (Target(figure=SPEED, against="tortoise", at_most=2), False),
        (Target(figure=SPEED, against="tortoise", at_most=1.9), True),
    ],
)
def test_a_missed_target_is_said(target: Target, is_missed: bool) -> None:
    contenders, _ = runners([4] * 6, [2] * 6)

    result = run("race", Race(contenders, [target]), HOUSE, quick=False)

    assert list(result.missed) == [target] * is_missed
    assert ("missed: speed:" in table(result)) == is_missed
    assert len(as_json(result)["missed"]) == is_missed


def test_a_quick_run_judges_nothing() -> None:
    contenders, _ = runners([4] * 3, [2] * 3)
    target = Target(figure=SPEED, against="tortoise", at_least=100)

    assert not run("race", Race(contenders, [target]), HOUSE, quick=True).missed


def test_the_table_lines_up() -> None:
    contenders, _ = runners([1500] * 6, [2] * 6)

    lines = table(run("race", Race(contenders), HOUSE, quick=False)).splitlines()

    assert lines[0] == "race: who is faster"
    assert lines[2].split("  ")[0] == "speed [m/s]"
    assert "1,500 (1,500–1,500)" in lines[2]
    assert len(lines[1]) == len(lines[2])
