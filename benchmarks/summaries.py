"""The arithmetic of the results: medians, spreads, ratios, percentiles."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """The rounds of one figure."""

    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """(high - low) / median: 0 when all rounds agree."""
        return (self.high - self.low) / self.median if self.median else 0.0


def summarise(values: Sequence[float]) -> Summary:
    return Summary(statistics.median(values), min(values), max(values))


def paired_ratios(ours: Sequence[float], theirs: Sequence[float]) -> Summary:
    """Summarise ours/theirs of each round: what slows down a whole round cancels out."""
    return summarise([a / b if b else math.nan for a, b in zip(ours, theirs, strict=True)])


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that is at least as large as `percent` % of all (nearest rank)."""
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(rank, 1) - 1]
