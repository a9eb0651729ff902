"""How figures are written in a MetricBucket: `{name: {labels: amount}}`.

`labels` is a JSON list of the labels' values in the declared order. The amount of a histogram is
`[sum, number of its lowest bucket, [observations of that bucket and of those above it]]`: a month has
hundreds of thousands of them, and lists are small and quick to add up.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from botsite.telemetry.instruments import INSTRUMENTS, Kind
from botsite.telemetry.series import SeriesKey, SeriesValue

Data = dict[str, dict[str, Any]]


def encoded(series: Mapping[SeriesKey, SeriesValue]) -> Data:
    """Return what was counted as it is stored."""
    data: Data = {}
    for (name, values), value in series.items():
        data.setdefault(name, {})[labels_text(values)] = _amount(name, value)
    return data


def labels_text(values: Iterable[str]) -> str:
    return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=16_384)
def labels_of(text: str) -> tuple[str, ...]:
    """Return the labels' values."""
    return tuple(json.loads(text))


def added_up(parts: Iterable[Data]) -> Data:
    """Return the sums of counts."""
    sums: Data = {}
    for part in parts:
        for name, amounts in part.items():
            mine = sums.setdefault(name, {})
            for labels, amount in amounts.items():
                mine[labels] = _sum(mine[labels], amount) if labels in mine else amount
    return sums


def averaged(parts: Iterable[Data]) -> Data:
    """Return the means of samples, each over those parts that have it."""
    samples: dict[str, dict[str, list[float]]] = {}
    for part in parts:
        for name, values in part.items():
            for labels, value in values.items():
                samples.setdefault(name, {}).setdefault(labels, []).append(value)
    return {
        name: {labels: sum(values) / len(values) for labels, values in by_labels.items()}
        for name, by_labels in samples.items()
    }


def _amount(name: str, value: SeriesValue) -> Any:
    if INSTRUMENTS[name].kind is Kind.COUNTER:
        return value.total
    if not value.buckets:
        return [value.total, 0, []]
    lowest, highest = min(value.buckets), max(value.buckets)
    return [
        value.total,
        lowest,
        [value.buckets.get(number, 0) for number in range(lowest, highest + 1)],
    ]


def _sum(one: Any, other: Any) -> Any:
    if not isinstance(one, list):
        return one + other
    (total, lowest, counts), (more, also, others) = (one, other) if one[1] <= other[1] else (other, one)
    ahead = also - lowest
    sums = counts + [0] * (ahead + len(others) - len(counts))
    for number, count in enumerate(others, ahead):
        sums[number] += count
    return [total + more, lowest, sums]
