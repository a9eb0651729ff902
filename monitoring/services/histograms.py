"""Durations that were counted in buckets, and what can be told of them."""

from dataclasses import dataclass, field
from typing import Any

from botsite.telemetry.series import BUCKET_BOUNDS


@dataclass(slots=True)
class Histogram:
    """How many durations fell into each bucket, and their sum in seconds."""

    total: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, amount: Any) -> None:
        """Add the amount of a stored histogram."""
        total, lowest, counts = amount
        self.total += total
        for number, count in enumerate(counts, lowest):
            if count:
                self.buckets[number] = self.buckets.get(number, 0) + count

    @property
    def count(self) -> int:
        return sum(self.buckets.values())

    @property
    def mean(self) -> float | None:
        """Return the mean in seconds; None when there was nothing."""
        return self.total / self.count if self.count else None

    def quantile(self, q: float) -> float | None:
        """Return the seconds that the part `q` (0 to 1) did not exceed; None when there was nothing.

        It is wrong by the width of its bucket at the most, 20 %, and never above the largest bound.
        """
        rank, below = q * self.count, 0
        for number in sorted(self.buckets):
            inside = self.buckets[number]
            if below + inside >= rank:
                return _within(number, (rank - below) / inside)
            below += inside
        return None


def _within(number: int, part: float) -> float:
    if number >= len(BUCKET_BOUNDS):
        return BUCKET_BOUNDS[-1]
    lower = BUCKET_BOUNDS[number - 1] if number else 0.0
    return lower + (BUCKET_BOUNDS[number] - lower) * part
