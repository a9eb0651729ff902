"""A recorder of metrics for tests: what was counted, as series."""

from collections.abc import Iterator

import pytest

from botsite.telemetry import metrics
from botsite.telemetry.series import Series, SeriesValue, bucket_of, decoded


class RecordedMetrics:
    """Keeps every amount by its field."""

    def __init__(self) -> None:
        self._amounts: dict[str, float] = {}

    def add(self, field: str, amount: float) -> None:
        self._amounts[field] = self._amounts.get(field, 0) + amount

    def observe(self, series: Series, seconds: float) -> None:
        self.add(series.buckets[bucket_of(seconds)], 1)
        self.add(series.total, seconds)

    def total(self, name: str, *labels: str) -> float:
        """What the series has added up to; 0 when nothing was counted."""
        return self._series(name, labels).total

    def observations(self, name: str, *labels: str) -> int:
        """How many durations were noted."""
        return sum(self._series(name, labels).buckets.values())

    def _series(self, name: str, labels: tuple[str, ...]) -> SeriesValue:
        fields = {field: str(amount) for field, amount in self._amounts.items()}
        return decoded(fields).get((name, labels), SeriesValue())


@pytest.fixture
def recorded() -> Iterator[RecordedMetrics]:
    """What the test measures; afterwards it goes nowhere again."""
    recorder = RecordedMetrics()
    metrics.install(recorder, forgiving=False)
    try:
        yield recorder
    finally:
        metrics.install(metrics.NullRecorder(), forgiving=False)
