"""The arithmetic of the benchmarks' results."""

import math

import pytest

from benchmarks.summaries import Summary, paired_ratios, percentile, summarise


def test_the_median_stands_between_the_lowest_and_the_highest_round() -> None:
    assert summarise([5.0, 1.0, 3.0]) == Summary(median=3.0, low=1.0, high=5.0)
    assert summarise([1.0, 2.0]).median == 1.5


def test_the_spread_is_relative_to_the_median() -> None:
    assert Summary(median=4.0, low=3.0, high=5.0).spread == 0.5
    assert summarise([7.0, 7.0]).spread == 0
    assert summarise([0.0, 0.0]).spread == 0


def test_a_slow_round_of_both_does_not_move_the_ratio() -> None:
    ours, theirs = [10.0, 1.0, 12.0], [20.0, 2.0, 24.0]

    assert paired_ratios(ours, theirs) == Summary(median=0.5, low=0.5, high=0.5)


def test_ratios_are_of_the_rounds_and_not_of_the_medians() -> None:
    ratios = paired_ratios([1.0, 2.0, 9.0], [1.0, 4.0, 3.0])

    assert ratios == Summary(median=1.0, low=0.5, high=3.0)


def test_a_ratio_to_nothing_is_not_a_number() -> None:
    assert math.isnan(paired_ratios([1.0], [0.0]).median)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (1, 1), (50, 50), (50.1, 51), (99, 99), (99.5, 100), (100, 100)]
)
def test_percentiles_are_values_that_were_measured(percent: float, expected: int) -> None:
    values = [float(value) for value in range(100, 0, -1)]

    assert percentile(values, percent) == expected


def test_a_single_value_is_every_percentile() -> None:
    assert percentile([3.0], 50) == percentile([3.0], 99) == 3.0
