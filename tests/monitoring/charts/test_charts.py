"""Charts: geometry that can be checked by hand, gaps where nothing is known, and axes people can read."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from monitoring.charts import Data, Series, Tone, Unit, bar_chart, line_chart, share_bar, sparkline
from monitoring.charts.parts import PLOT_HEIGHT, TOP
from monitoring.charts.scale import scale_of
from monitoring.charts.times import time_labels
from monitoring.dashboard.sections.panels import Panel

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
VALUES = st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def data(*rows: list[float | None], step: timedelta = HOUR, unit: Unit = Unit.COUNT) -> Data:
    times = [START + number * step for number in range(len(rows[0]))]
    tones = list(Tone)
    return Data("Title", times, step, [Series(f"s{n}", row, tones[n]) for n, row in enumerate(rows)], unit)


def test_a_line_goes_through_the_middle_of_each_step() -> None:
    chart = line_chart(data([0, 5, 10]))

    assert chart is not None
    assert chart.paths[0].line == "M166.67 120 500 60 833.33 0"
    assert chart.paths[0].area == "M166.67 120 500 60 833.33 0V120H166.67Z"


def test_a_line_is_broken_where_nothing_is_known_and_a_lone_point_is_seen() -> None:
    chart = line_chart(data([2, None, 1, 1]))

    assert chart is not None
    assert chart.paths[0].line == "M125 0h0M625 60 875 60"


@pytest.mark.parametrize("draw", [line_chart, bar_chart])
def test_nothing_known_is_no_chart_and_zeros_are_one(draw: type) -> None:
    assert draw(data([None, None])) is None
    assert draw(data([0, 0])) is not None


def test_bars_stand_one_above_the_other() -> None:
    chart = bar_chart(data([1, 0], [3, None]))

    assert chart is not None
    first, second = chart.bars
    assert (first.y, first.height, first.tone) == ("104", "30", "first")
    assert (second.y, second.height, second.tone) == ("14", "90", "second")
    assert (first.x, first.width) == ("6", "38")


def test_what_is_not_nothing_is_seen_beside_something_huge() -> None:
    chart = bar_chart(data([1, 1_000_000]))

    assert chart is not None
    assert chart.bars[0].height == "1"


@given(st.floats(1e-6, 1e9))
def test_the_scale_holds_the_highest_value_and_wastes_little(highest: float) -> None:
    top = scale_of(highest, Unit.RATE).top

    assert highest <= top * (1 + 1e-6)
    assert top <= highest * 2.01


@given(VALUES)
def test_no_line_leaves_the_plot(values: list[float | None]) -> None:
    chart = line_chart(data(values))
    places = [] if chart is None else re.findall(r"[ML ]?(\d[\d.]*) (\d[\d.]*)", chart.paths[0].line)

    assert all(0 <= float(x) <= 1000 and 0 <= float(y) <= PLOT_HEIGHT + 0.01 for x, y in places)


def test_percentages_have_the_whole_height_for_a_hundred() -> None:
    assert scale_of(3, Unit.PERCENT).top == 100
    assert scale_of(100, Unit.PERCENT).y(100) == TOP


@pytest.mark.parametrize(
    ("steps", "step", "first"),
    [
        (60, timedelta(minutes=1), "00:15"),
        (24, HOUR, "03:00"),
        (56, timedelta(hours=3), "Mon 2"),
        (60, timedelta(hours=12), "5 Nov"),
    ],
)
def test_the_axis_has_moments_that_people_think_in(steps: int, step: timedelta, first: str) -> None:
    labels = time_labels(data([1.0] * steps, step=step))

    assert labels[0].text == first
    assert 3 <= len(labels) <= 8
    assert [label.is_minor for label in labels[:3]] == [False, True, False]


def test_the_axis_is_that_of_the_time_zone() -> None:
    with timezone.override("America/Bogota"):
        labels = time_labels(data([1.0] * 24))

    assert labels[0].text == "21:00"
    assert float(labels[0].place) == pytest.approx(2 / 24 * 100, abs=0.1)


def test_a_summary_has_the_numbers_for_those_who_do_not_see_the_chart() -> None:
    chart = line_chart(data([1500, 900, None]))

    assert chart is not None
    assert chart.frame.summary == "s0: now 900, highest 1,500"
    assert chart.frame.spots[2].text.endswith("s0 –")


@pytest.mark.parametrize(
    ("unit", "value", "english", "spanish"),
    [
        (Unit.COUNT, 12345.0, "12,345", "12\xa0345"),
        (Unit.RATE, 1.25, "1.2", "1,2"),
        (Unit.RATE, 0.04, "0.040", "0,040"),
        (Unit.SECONDS, 0.5, "0.50 s", "0,50 s"),
        (Unit.PERCENT, 99.6, "99.6 %", "99,6 %"),
        (Unit.USD, 0.0021, "US$0.0021", "US$0,0021"),
        (Unit.COUNT, None, "–", "–"),
    ],
)
def test_numbers_are_written_in_the_readers_way(
    unit: Unit, value: float | None, english: str, spanish: str
) -> None:
    with translation.override("en"):
        assert unit.text(value) == english
    with translation.override("es"):
        assert unit.text(value) == spanish


def test_places_in_a_drawing_are_never_localised() -> None:
    chart = line_chart(data([1.5, 2.25, 1.0], unit=Unit.RATE))
    with translation.override("es"):
        text = render_to_string("charts/panel.html", {"panel": Panel("key", "Title", lines=chart)})

    drawn = re.findall(r'(?:\bx|y|width|height|x2|d)="([^"]*)"', text)
    assert drawn
    assert not [place for place in drawn if "," in place]
    assert "style=" not in text
    assert 'role="img"' in text


def test_shares_make_a_whole() -> None:
    shares = share_bar([("a", 3), ("b", 1), ("nobody", 0)])

    assert [(share.name, share.x, share.width, share.percent) for share in shares] == [
        ("a", "0", "75", "75 %"),
        ("b", "75", "25", "25 %"),
    ]
    assert share_bar([("a", 0)]) == []


def test_a_sparkline_needs_two_points() -> None:
    assert sparkline([1, None]) is None
    path = sparkline([1, 2])
    assert path is not None
    assert path.line == "M250 60 750 0"
