"""What is stored adds up, in any order, and quantiles are right to the width of a bucket."""

import json
import math
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botsite.telemetry.series import BUCKET_BOUNDS, BUCKET_GROWTH, SeriesValue, bucket_of
from monitoring.services.bucket_data import Data, added_up, averaged, encoded, labels_of
from monitoring.services.histograms import Histogram

DURATIONS = st.lists(st.floats(min_value=0.001, max_value=500), max_size=60)


@given(st.lists(DURATIONS, min_size=1, max_size=5))
def test_histograms_add_up_in_any_order(parts: list[list[float]]) -> None:
    stored = [stored_histogram(durations) for durations in parts]
    everything = stored_histogram([seconds for durations in parts for seconds in durations])

    for some in (stored, stored[::-1]):
        one, pairwise = added_up(some), reduce(lambda left, right: added_up([left, right]), some)
        assert as_histogram(one).buckets == as_histogram(pairwise).buckets == as_histogram(everything).buckets
        assert as_histogram(one).total == pytest.approx(as_histogram(everything).total)


@given(st.lists(st.floats(min_value=0.0011, max_value=500), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_quantile_is_within_a_bucket_of_the_true_one(durations: list[float], q: float) -> None:
    true = sorted(durations)[math.ceil(q * len(durations)) - 1]
    told = as_histogram(stored_histogram(durations)).quantile(q)

    assert told is not None
    assert true / BUCKET_GROWTH * 0.999 <= told <= true * BUCKET_GROWTH * 1.001


def test_beyond_the_largest_bound_it_is_the_bound() -> None:
    assert as_histogram(stored_histogram([10_000.0])).quantile(0.5) == BUCKET_BOUNDS[-1]


def test_of_nothing_there_is_no_mean_and_no_quantile() -> None:
    assert Histogram().mean is None
    assert Histogram().quantile(0.5) is None
    assert as_histogram(stored_histogram([])).count == 0


def test_adding_up_leaves_the_parts_alone() -> None:
    parts = [stored_histogram([0.1, 2.0]), stored_histogram([0.001, 30.0])]
    before = json.dumps(parts)

    added_up(parts)

    assert json.dumps(parts) == before


def test_counters_add_up_by_series() -> None:
    one = encoded({("turns_total", ("a",)): SeriesValue(2), ("race_errors_total", ()): SeriesValue(1)})
    other = encoded({("turns_total", ("a",)): SeriesValue(3), ("turns_total", ('b"ñ',)): SeriesValue(1)})

    sums = added_up([one, other])

    assert {labels_of(text): amount for text, amount in sums["turns_total"].items()} == {
        ("a",): 5,
        ('b"ñ',): 1,
    }
    assert sums["race_errors_total"] == {"[]": 1}


def test_means_are_of_the_samples_that_are_there() -> None:
    samples: list[Data] = [{"g": {"[]": 1.0}}, {"g": {"[]": 2.0}}, {}]

    assert averaged(samples) == {"g": {"[]": 1.5}}


def stored_histogram(durations: list[float]) -> Data:
    value = SeriesValue(sum(durations))
    for seconds in durations:
        value.buckets[bucket_of(seconds)] = value.buckets.get(bucket_of(seconds), 0) + 1
    stored: Data = json.loads(json.dumps(encoded({("turn_seconds", ()): value})))
    return stored


def as_histogram(data: Data) -> Histogram:
    histogram = Histogram()
    histogram.add(data["turn_seconds"]["[]"])
    return histogram
