"""The figures of a window, held in memory: asking it for any number costs no query."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from botsite.telemetry.instruments import INSTRUMENTS, Kind
from botsite.telemetry.series import UndeclaredMetric
from monitoring.models import Granularity, MetricBucket
from monitoring.services.bucket_data import labels_of
from monitoring.services.gauge_table import GAUGES
from monitoring.services.histograms import Histogram
from monitoring.services.time_steps import Steps, Window

Key = TypeVar("Key")
SAMPLE_AGE = timedelta(minutes=5)
"""What was sampled longer ago says nothing of now."""
LENGTHS = {Granularity.MINUTE: timedelta(minutes=1), Granularity.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Point:
    """A value of the step that begins `at`; None: nothing is known of that time."""

    at: datetime
    value: float | None


class Entry(NamedTuple):
    """What one bucket holds of one series. There are many, and a tuple is made quickly."""

    start: datetime
    labels: tuple[str, ...]
    amount: Any


class Frame:
    """What is known of a window, in whole minutes or hours: the first of them may begin before it.

    None everywhere means that nothing is known, zero that nothing happened. Names and labels that are not
    declared raise UndeclaredMetric; labels that are not named are added up.
    """

    def __init__(
        self,
        window: Window,
        granularity: Granularity,
        counts: Sequence[MetricBucket],
        gauges: Sequence[MetricBucket],
        *,
        known: timedelta,
        names: Collection[str] | None = None,
    ) -> None:
        """Both kinds of buckets come with the earliest first; `names`: only these were read.

        `known`: how much time the counts span, holes left out. Those added up to steps tell it no more.
        """
        self.window = window
        self.granularity = granularity
        self._counts = counts
        self._gauges = gauges
        self._known = known
        self._names = names

    @property
    def as_of(self) -> datetime | None:
        """Return the newest moment that is known; the last five seconds may still be in the processes."""
        return max((bucket.known_until for bucket in self._counts), default=None)

    def total(self, name: str, **labels: str) -> float | None:
        """Return what a counter has added up to in the window."""
        entries = self._counted(name, Kind.COUNTER, labels)
        return _sum(entries) if self._counts else None

    def rate(self, name: str, **labels: str) -> float | None:
        """Return a counter's increase per second of the time that is known."""
        total = self.total(name, **labels)
        return total / self._known.total_seconds() if total is not None and self._known else None

    def totals_by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return a counter's sums by the values of one label."""
        found = self._counted_by(name, Kind.COUNTER, label, labels)
        return {value: _sum(entries) for value, entries in found.items()}

    def points(self, name: str, step: timedelta, **labels: str) -> list[Point]:
        """Return a counter's sum in every step of the window."""
        return self._points(self._counted(name, Kind.COUNTER, labels), step, _sum)

    def points_by(self, name: str, label: str, step: timedelta, **labels: str) -> dict[str, list[Point]]:
        """Return the same by the values of one label."""
        found = self._counted_by(name, Kind.COUNTER, label, labels)
        return {value: self._points(entries, step, _sum) for value, entries in found.items()}

    def count(self, name: str, **labels: str) -> float | None:
        """Return how many durations a histogram noted."""
        histogram = self.histogram(name, **labels)
        return float(histogram.count) if self._counts else None

    def mean(self, name: str, **labels: str) -> float | None:
        """Return the mean duration in seconds; None also when there was none."""
        return self.histogram(name, **labels).mean

    def quantile(self, name: str, q: float, **labels: str) -> float | None:
        """Return the seconds that the part `q` of the durations did not exceed; None also without any."""
        return self.histogram(name, **labels).quantile(q)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """Return all durations of the window together."""
        return _merged(self._counted(name, Kind.HISTOGRAM, labels))

    def histograms_by(self, name: str, label: str, **labels: str) -> dict[str, Histogram]:
        """Return the durations by the values of one label."""
        found = self._counted_by(name, Kind.HISTOGRAM, label, labels)
        return {value: _merged(entries) for value, entries in found.items()}

    def mean_points(self, name: str, step: timedelta, **labels: str) -> list[Point]:
        """Return the mean duration in every step; None also where there was none."""
        entries = self._counted(name, Kind.HISTOGRAM, labels)
        return self._points(entries, step, lambda found: _merged(found).mean)

    def quantile_points(self, name: str, q: float, step: timedelta, **labels: str) -> list[Point]:
        """Return a quantile in every step; None also where there was no duration."""
        entries = self._counted(name, Kind.HISTOGRAM, labels)
        return self._points(entries, step, lambda found: _merged(found).quantile(q))

    def gauge(self, name: str, **labels: str) -> float | None:
        """Return the latest sample, None when it is over SAMPLE_AGE old at the window's end.

        Series that are not told apart by `labels` are added up.
        """
        entries = self._latest(name, labels)
        return _sum(entries) if entries else None

    def gauges_by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return the latest sample of each value of one label, by the same age."""
        entries = self._latest(name, labels)
        place = _place(label, GAUGES[name].labels, name)
        found = _grouped(entries, lambda entry: entry.labels[place])
        return {value: _sum(entries) for value, entries in found.items()}

    def gauge_points(self, name: str, step: timedelta, **labels: str) -> list[Point]:
        """Return the mean of the samples in every step; None where nobody sampled."""
        steps = self._steps(step)
        buckets = (bucket for bucket in self._gauges if bucket.granularity == self.granularity)
        samples = _grouped(self._sampled(buckets, name, labels), lambda entry: entry.start)
        by_step: dict[datetime, list[float]] = {}
        for start, entries in samples.items():
            by_step.setdefault(steps.start_of(start), []).append(_sum(entries))
        means = {at: sum(values) / len(values) for at, values in by_step.items()}
        return [Point(at, means.get(at)) for at in steps.starts()]

    def _points(
        self, entries: Iterable[Entry], step: timedelta, reduced: Callable[[Iterable[Entry]], float | None]
    ) -> list[Point]:
        steps = self._steps(step)
        step_of = {bucket.start: steps.start_of(bucket.start) for bucket in self._counts}
        found = _grouped(entries, lambda entry: step_of[entry.start])
        known = set(step_of.values())
        return [Point(at, reduced(found.get(at, ())) if at in known else None) for at in steps.starts()]

    def _steps(self, step: timedelta) -> Steps:
        return Steps.of(self.window, max(step, LENGTHS[self.granularity]))

    def _counted(self, name: str, kind: Kind, labels: Mapping[str, str]) -> Iterator[Entry]:
        instrument = INSTRUMENTS.get(name)
        if instrument is None or instrument.kind is not kind:
            raise UndeclaredMetric(f"no {kind.value} {name} is declared")
        self._check_was_read(name)
        return _entries(self._counts, name, instrument.labels, labels)

    def _counted_by(
        self, name: str, kind: Kind, label: str, labels: Mapping[str, str]
    ) -> dict[str, list[Entry]]:
        entries = self._counted(name, kind, labels)
        place = _place(label, INSTRUMENTS[name].labels, name)
        return _grouped(entries, lambda entry: entry.labels[place])

    def _sampled(
        self, buckets: Iterable[MetricBucket], name: str, labels: Mapping[str, str]
    ) -> Iterator[Entry]:
        if name not in GAUGES:
            raise UndeclaredMetric(f"no gauge {name} is declared")
        self._check_was_read(name)
        return _entries(buckets, name, GAUGES[name].labels, labels)

    def _check_was_read(self, name: str) -> None:
        """A zero for what nobody read would be made up."""
        if self._names is not None and name not in self._names:
            raise UndeclaredMetric(f"{name} is not among the names that were read")

    def _latest(self, name: str, labels: Mapping[str, str]) -> list[Entry]:
        oldest = self.window.until - SAMPLE_AGE
        entries = [entry for entry in self._sampled(self._gauges, name, labels) if entry.start >= oldest]
        return [entry for entry in entries if entry.start == entries[-1].start]


def _entries(
    buckets: Iterable[MetricBucket], name: str, declared: Sequence[str], labels: Mapping[str, str]
) -> Iterator[Entry]:
    wanted = [(_place(label, declared, name), value) for label, value in labels.items()]
    return (
        Entry(bucket.start, values, amount)
        for bucket in buckets
        for text, amount in bucket.data.get(name, {}).items()
        if _fits(values := labels_of(text), wanted)
    )


def _fits(values: tuple[str, ...], wanted: Iterable[tuple[int, str]]) -> bool:
    return all(values[place] == value for place, value in wanted)


def _place(label: str, declared: Sequence[str], name: str) -> int:
    if label not in declared:
        raise UndeclaredMetric(f"{name} has no label {label}")
    return declared.index(label)


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], Key]) -> dict[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = {}
    for entry in entries:
        found.setdefault(key(entry), []).append(entry)
    return found


def _sum(entries: Iterable[Entry]) -> float:
    return float(sum(entry.amount for entry in entries))


def _merged(entries: Iterable[Entry]) -> Histogram:
    histogram = Histogram()
    for entry in entries:
        histogram.add(entry.amount)
    return histogram
