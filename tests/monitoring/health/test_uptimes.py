"""Uptime: the share of the known time, whatever the spans; and the strip that shows the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck as Hypothesis
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from monitoring.health.findings import Finding
from monitoring.health.strip import SLOT, SLOTS, Stretch, parts_of
from monitoring.models import HealthCheck, HealthSpan, Status
from monitoring.services.health_states import Uptime, states, uptimes
from monitoring.services.health_store import checks_forget_others, findings_store

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)
PERIOD = 30.0
GAP = timedelta(seconds=3 * PERIOD + 15)

# Spans one after the other, the newest first: (status, minutes it lasted, minutes nobody looked after it).
histories = st.lists(
    st.tuples(st.sampled_from(Status), st.integers(0, 2000), st.integers(0, 600)), min_size=1, max_size=12
)


def stretches(history: Sequence[tuple[Status, int, int]], until: datetime) -> list[Stretch]:
    found = []
    for status, lasted, gap in history:
        ended = until - timedelta(minutes=gap)
        until = ended - timedelta(minutes=lasted)
        found.append(Stretch(status, until, ended))
    return found


def keep(found: Sequence[Stretch], name: str = "redis") -> None:
    HealthSpan.objects.all().delete()
    HealthSpan.objects.bulk_create(
        HealthSpan(check_name=name, status=each.status, began_at=each.began, ended_at=each.ended)
        for each in found
    )


def percent_by_the_minute(found: Sequence[Stretch], until: datetime, window: timedelta) -> float | None:
    """The same by counting: every minute of the window is looked up in the spans."""
    counts = dict.fromkeys(Status, 0)
    for each in found:
        moment = each.began
        while moment < each.ended:
            counts[each.status] += until - window <= moment < until
            moment += timedelta(minutes=1)
    known = counts[Status.UP] + counts[Status.DEGRADED] + counts[Status.DOWN]
    return 100 * (known - counts[Status.DOWN]) / known if known else None


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[Hypothesis.function_scoped_fixture])
@given(history=histories)
def test_uptime_is_what_counting_every_minute_gives(history: list[tuple[Status, int, int]]) -> None:
    until = timezone.now()
    found = stretches(history, until)
    keep(found)

    uptime = uptimes().get("redis", Uptime(None, None, None))

    for value, days in ((uptime.day, 1), (uptime.week, 7), (uptime.month, 30)):
        counted = percent_by_the_minute(found, until, timedelta(days=days))
        if counted is None:
            assert value is None or found[-1].began < until - timedelta(days=days)
        else:
            assert value == pytest.approx(counted, abs=0.5)
            assert value is not None
            assert 0 <= value <= 100


@given(history=histories)
def test_the_strip_covers_the_day_without_a_hole(history: list[tuple[Status, int, int]]) -> None:
    parts = parts_of(stretches(history, UNTIL), until=UNTIL)

    assert [part.x for part in parts[1:]] == [part.x + part.width for part in parts[:-1]]
    assert (parts[0].x, sum(part.width for part in parts)) == (0, SLOTS)
    assert parts[-1].ended == UNTIL


@given(history=histories)
def test_no_outage_of_the_day_is_missing_in_the_strip(history: list[tuple[Status, int, int]]) -> None:
    found = stretches(history, UNTIL)
    parts = parts_of(found, until=UNTIL)

    for each in found:
        if each.status is Status.DOWN and each.ended >= UNTIL - SLOTS * SLOT:
            assert any(
                part.status is Status.DOWN and part.began <= each.ended and part.ended >= each.began
                for part in parts
            )
    if not any(each.status is Status.DOWN for each in found):
        assert all(part.status is not Status.DOWN for part in parts)


def look(status: Status, at: datetime, name: str = "redis") -> int:
    return findings_store({name: Finding(status)}, periods={name: PERIOD}, moment=at)


def spans() -> list[tuple[str, float, float]]:
    """All spans, the oldest first: status, and when it began and ended in seconds after UNTIL."""
    rows = HealthSpan.objects.order_by("began_at", "pk").values_list("status", "began_at", "ended_at")
    return [(s, (began - UNTIL).total_seconds(), (ended - UNTIL).total_seconds()) for s, began, ended in rows]


@pytest.mark.django_db
def test_the_same_again_goes_on_and_another_status_begins_where_it_is_seen() -> None:
    for second, status in ((0, Status.UP), (30, Status.UP), (60, Status.DOWN), (90, Status.DOWN)):
        look(status, UNTIL + timedelta(seconds=second))

    assert spans() == [("up", 0, 60), ("down", 60, 90)]


@pytest.mark.django_db
def test_nothing_is_known_of_the_time_when_nobody_looked() -> None:
    look(Status.UP, UNTIL)
    look(Status.UP, UNTIL + GAP)
    look(Status.UP, UNTIL + GAP + GAP + timedelta(seconds=1))

    assert spans() == [("up", 0, 105), ("up", 211, 211)]


@pytest.mark.django_db
def test_time_does_not_run_backwards() -> None:
    look(Status.UP, UNTIL)
    look(Status.DOWN, UNTIL - timedelta(hours=1))

    assert spans() == [("up", 0, 0), ("down", 0, 0)]


@pytest.mark.django_db
def test_an_old_look_says_nothing_of_the_present() -> None:
    look(Status.UP, timezone.now() - GAP - timedelta(seconds=1))
    [state] = states()

    assert (state.status, state.is_stale, state.since) == (Status.UNKNOWN, True, None)
    assert state.checked_at is not None


@pytest.mark.django_db
def test_a_check_that_is_no_more_leaves_its_history() -> None:
    look(Status.UP, timezone.now(), "channel:old")
    look(Status.UP, timezone.now(), "redis")

    checks_forget_others(["redis"])

    assert [state.name for state in states()] == ["redis"]
    assert HealthSpan.objects.filter(check_name="channel:old").exists()


@pytest.mark.django_db
def test_it_costs_the_same_however_many_checks_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    many = {f"channel:{number}": Finding(Status.UP) for number in range(30)}
    periods = dict.fromkeys(many, PERIOD)
    findings_store(many, periods=periods)
    half = {name: Finding(Status.DOWN if name.endswith("1") else Status.UP) for name in many}

    with django_assert_num_queries(6):  # savepoint and release; read, extend, begin, keep
        findings_store(half, periods=periods)
    with django_assert_num_queries(1):
        assert len(states()) == 30
    with django_assert_num_queries(1):
        assert len(uptimes()) <= 30
    assert HealthCheck.objects.count() == 30
