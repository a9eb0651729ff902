"""What a benchmark is made of."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class BenchError(Exception):
    """A figure would be worthless: something did not start, was refused, or lost its work."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is measured, in `unit`."""

    name: str
    unit: str


Sample = Mapping[Figure, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The bounds of the median ratio of our `figure` to that of the contender `against`."""

    figure: Figure
    against: str
    at_least: float = 0.0
    at_most: float = math.inf

    def is_met(self, ratio: float) -> bool:
        return self.at_least <= ratio <= self.at_most

    def __str__(self) -> str:
        bounds = [f"at least {self.at_least:g}"] if self.at_least else []
        bounds += [f"at most {self.at_most:g}"] if self.at_most < math.inf else []
        return f"{self.figure.name}: {' and '.join(bounds)} × {self.against}"


class Contender(Protocol):
    """One way to do the work of a bench."""

    @property
    def name(self) -> str: ...

    def measure(self) -> Sample:
        """Do one round's work and return its figures, the same ones every time. Raises BenchError.

        Those of our own may be more than the others'.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Where a bench runs: its own migrated database, its own Redis database, and a folder for logs.

    This process's environment and Django's settings point there already.
    """

    database_url: str
    redis_url: str
    folder: Path


class Bench(Protocol):
    """One benchmark, the BENCH of a module in benchmarks/benches."""

    @property
    def about(self) -> str:
        """One sentence: what is compared."""
        ...

    @property
    def targets(self) -> Sequence[Target]: ...

    def contenders(self, house: House, *, quick: bool) -> AbstractContextManager[Sequence[Contender]]:
        """Start the contenders, ours first. `quick`: as little work as shows that the bench runs."""
        ...
