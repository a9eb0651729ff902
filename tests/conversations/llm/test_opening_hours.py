"""When a business is open, on its own clocks: over midnight, and when daylight saving time moves them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.opening_hours import (
    DAYS,
    MINUTES_OF_A_DAY,
    Interval,
    OpeningHours,
    format_intervals,
    hours_lines,
    is_open,
    parse_intervals,
    week_from_json,
    week_to_json,
)

ZONES = ("America/Mexico_City", "America/Sao_Paulo", "America/Santiago", "America/Bogota", "Asia/Kathmandu")
BAR = parse_intervals("20:00-02:00")
CLOSED: tuple[Interval, ...] = ()

intervals = st.builds(
    lambda opens, length: Interval(opens, opens + length),
    st.integers(0, MINUTES_OF_A_DAY - 1),
    st.integers(1, MINUTES_OF_A_DAY - 1),
)
weeks = st.tuples(*[st.lists(intervals, max_size=3).map(tuple)] * 7)
instants = st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, fold=fold, tzinfo=ZoneInfo(zone))


def only(day: str, text: str, zone: str = "America/Bogota") -> OpeningHours:
    """Open on one day of the week."""
    return OpeningHours(zone, tuple(parse_intervals(text) if day == name else CLOSED for name in DAYS))


@given(weeks, instants, st.sampled_from(ZONES))
def test_open_is_what_the_clock_on_the_wall_says(
    week: tuple[tuple[Interval, ...], ...], at: datetime, zone: str
) -> None:
    """Against the plainest way: write down every open minute of the week."""
    minutes = set()
    for day, day_intervals in enumerate(week):
        for interval in day_intervals:
            start = day * MINUTES_OF_A_DAY
            minutes |= {
                minute % (7 * MINUTES_OF_A_DAY)
                for minute in range(start + interval.opens, start + interval.closes)
            }
    wall = at.astimezone(ZoneInfo(zone))
    minute = wall.weekday() * MINUTES_OF_A_DAY + wall.hour * 60 + wall.minute

    assert is_open(OpeningHours(zone, week), at) == (minute in minutes)


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(8, 59, False), (9, 0, True), (17, 59, True), (18, 0, False)],
)
def test_the_minute_of_opening_is_open_and_that_of_closing_is_closed(
    hour: int, minute: int, expected: bool
) -> None:
    monday = local("America/Bogota", 2026, 11, 23, hour, minute)

    assert is_open(only("mon", "9:00-18:00"), monday) == expected


@pytest.mark.parametrize(
    ("day", "hour", "minute", "expected"),
    [
        (27, 19, 59, False),
        (27, 20, 0, True),
        (27, 23, 59, True),
        (28, 0, 0, True),
        (28, 1, 59, True),
        (28, 2, 0, False),
        (28, 20, 0, False),
    ],
)
def test_a_night_ends_on_the_next_day(day: int, hour: int, minute: int, expected: bool) -> None:
    assert (
        is_open(only("fri", "20:00-02:00"), local("America/Bogota", 2026, 11, day, hour, minute)) == expected
    )


def test_the_night_of_sunday_ends_on_monday() -> None:
    hours = only("sun", "22:00-3:00")

    assert is_open(hours, local("America/Bogota", 2026, 11, 23, 2, 59))
    assert not is_open(hours, local("America/Bogota", 2026, 11, 22, 2, 59))


def test_a_whole_day_is_from_midnight_to_midnight() -> None:
    hours = only("sat", "0:00-24:00")
    midnight = local("America/Bogota", 2026, 11, 28, 0, 0)

    assert [is_open(hours, midnight + timedelta(minutes=m)) for m in (-1, 0, 1439, 1440)] == [
        False,
        True,
        True,
        False,
    ]


def test_the_day_is_that_of_the_business_not_of_the_server() -> None:
    """04:30 in UTC on Saturday is 23:30 on Friday in Bogotá."""
    assert is_open(only("fri", "20:00-02:00"), datetime(2026, 11, 28, 4, 30, tzinfo=UTC))
    assert not is_open(only("sat", "0:00-6:00"), datetime(2026, 11, 28, 4, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "before"),
    [
        # The last minute before the clocks were put forward: in Santiago and São Paulo that is at midnight.
        ("America/Santiago", (2026, 9, 5, 23, 59)),
        ("America/Sao_Paulo", (2018, 11, 3, 23, 59)),
        ("America/Mexico_City", (2022, 4, 3, 1, 59)),
    ],
)
def test_a_night_in_which_the_clocks_are_put_forward_ends_when_the_clock_says(
    zone: str, before: tuple[int, ...]
) -> None:
    hours = OpeningHours(zone, (BAR,) * 7)
    last = local(zone, *before).astimezone(UTC)
    after = hours.local(last + timedelta(minutes=1))

    assert (after.hour * 60 + after.minute) - (before[3] * 60 + before[4] + 1) % MINUTES_OF_A_DAY == 60
    assert is_open(hours, last)
    assert is_open(hours, last + timedelta(minutes=1)) == (after.hour < 2)
    minutes = [m for m in range(-60, 180) if is_open(hours, last + timedelta(minutes=m))]
    assert hours.local(last + timedelta(minutes=minutes[-1] + 1)).hour in (2, 3)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        # An hour that came twice. Mexico has had none since 2022, Brazil none since 2019.
        ("America/Santiago", (2026, 4, 4, 23, 30)),
        ("America/Sao_Paulo", (2018, 2, 17, 23, 30)),
        ("America/Mexico_City", (2022, 10, 30, 1, 30)),
    ],
)
def test_an_hour_that_comes_twice_is_open_twice(zone: str, moment: tuple[int, ...]) -> None:
    first, second = local(zone, *moment).astimezone(UTC), local(zone, *moment, fold=1).astimezone(UTC)
    hours = OpeningHours(zone, (BAR,) * 7)

    assert second - first == timedelta(hours=1)
    assert (is_open(hours, first), is_open(hours, second)) == (True, True)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        is_open(only("mon", "9:00-18:00"), datetime(2026, 11, 23, 10, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" , ", ""),
        ("9:00-13:00", "09:00–13:00"),
        ("09.00 – 13.00; 15:00—19:30", "09:00–13:00, 15:00–19:30"),
        ("20:00-02:00", "20:00–02:00"),
        ("18:00-0:00", "18:00–24:00"),
        ("00:00-24:00", "00:00–24:00"),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, expected: str) -> None:
    assert format_intervals(parse_intervals(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "9-18",
        "9:00",
        "9:00-18:00-19:00",
        "25:00-26:00",
        "9:60-10:00",
        "24:01-25:00",
        "24:00-2:00",
        "9:00-9:00",
        "9:00-13:00, 12:59-19:00",
        "15:00-19:00, 9:00-13:00",
        "20:00-02:00, 3:00-4:00",
        "mañana",
        "9:00–18:00 h",
        "1:00-2:00, 3:00-4:00, 5:00-6:00, 7:00-8:00, 9:00-10:00",
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_intervals(text)


def test_the_refusal_names_the_part_that_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"^12:00-19:00$"):
        parse_intervals("9:00-13:00, 12:00-19:00")


@given(weeks)
def test_a_week_survives_being_stored(week: tuple[tuple[Interval, ...], ...]) -> None:
    assert week_from_json(week_to_json(week)) == week


def test_a_week_is_stored_as_others_can_read_it() -> None:
    week = (parse_intervals("9:00-13:00, 15:00-19:00"), *((CLOSED,) * 3), BAR, CLOSED, CLOSED)

    assert week_to_json(week) == {
        "mon": [["09:00", "13:00"], ["15:00", "19:00"]],
        "fri": [["20:00", "02:00"]],
    }
    assert list(hours_lines(OpeningHours("UTC", week)))[:2] == [
        "Monday: 09:00–13:00, 15:00–19:00",
        "Tuesday: closed",
    ]
