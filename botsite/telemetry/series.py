"""A series is one instrument with its labels' values; its fields are what is added up.

A counter has one field, a histogram one per bucket and the sum. A field is written as a JSON list, which any
label's value survives: `["turns_total", "answered"]`, `["turn_seconds", 17]`, `["turn_seconds", "sum"]`.
"""

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from botsite.telemetry.instruments import INSTRUMENTS, Kind

SMALLEST_SECONDS = 0.001
BUCKET_GROWTH = 1.2
BUCKET_BOUNDS = tuple(SMALLEST_SECONDS * BUCKET_GROWTH**step for step in range(74))
"""Upper bounds in seconds, each 20 % over the last: from 1 ms to 10 minutes. One more bucket is above."""

_SUM = "sum"


class UndeclaredMetric(ValueError):
    """No instrument has this name, this kind or these labels."""


@dataclass(frozen=True, slots=True)
class Series:
    """The fields of one series: `total` of a counter, or `buckets` and `total` (the sum) of a histogram."""

    total: str
    buckets: tuple[str, ...] = ()


@dataclass(slots=True)
class SeriesValue:
    """What a series has added up to; `buckets` counts observations by the number of their bucket."""

    total: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)


SeriesKey = tuple[str, tuple[str, ...]]
"""The instrument's name and the values of its labels, in the declared order."""


def series_of(name: str, kind: Kind, labels: Mapping[str, object]) -> Series:
    """Return the declared series; UndeclaredMetric is raised when there is none such."""
    instrument = INSTRUMENTS.get(name)
    if instrument is None or instrument.kind is not kind or labels.keys() != set(instrument.labels):
        raise UndeclaredMetric(f"no {kind.value} {name} with the labels {sorted(labels)} is declared")
    values = [str(labels[label]) for label in instrument.labels]
    if kind is Kind.COUNTER:
        return Series(_encoded(name, values))
    buckets = tuple(_encoded(name, [*values, number]) for number in range(len(BUCKET_BOUNDS) + 1))
    return Series(_encoded(name, [*values, _SUM]), buckets)


def bucket_of(seconds: float) -> int:
    """Return the number of the bucket that `seconds` falls into."""
    return bisect_left(BUCKET_BOUNDS, seconds)


def decoded(fields: Mapping[str, str]) -> dict[SeriesKey, SeriesValue]:
    """Gather stored fields into series. What an older version left behind, under other labels, is skipped."""
    found: dict[SeriesKey, SeriesValue] = {}
    for text, amount in fields.items():
        name, *values = json.loads(text)
        instrument = INSTRUMENTS.get(name)
        if instrument is None:
            continue
        is_histogram = instrument.kind is Kind.HISTOGRAM
        if len(values) != len(instrument.labels) + is_histogram:
            continue
        part = values.pop() if is_histogram else _SUM
        series = found.setdefault((name, tuple(values)), SeriesValue())
        if isinstance(part, int):
            series.buckets[part] = int(amount)
        else:
            series.total = float(amount)
    return found


def _encoded(name: str, values: Sequence[str | int]) -> str:
    return json.dumps([name, *values], separators=(",", ":"))
