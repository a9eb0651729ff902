"""The life of an alert, whatever happens in whichever order."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.alerts.machine import Stage, next_stage
from monitoring.models import AlertState

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
LOOKS = st.lists(st.tuples(st.integers(1, 90), st.sampled_from([True, False, None])), max_size=30)


def live(looks: list[tuple[int, bool | None]], hold: timedelta) -> list[tuple[datetime, bool | None, Stage]]:
    """What becomes of it: after each look the time, what was seen, and the stage."""
    now, began, stage = START, START, None
    history: list[tuple[datetime, bool | None, Stage]] = []
    for seconds, is_broken in looks:
        now += timedelta(seconds=seconds)
        before: Stage = None if stage is AlertState.RESOLVED else stage
        began = began if before else now
        stage = next_stage(before, began=began, is_broken=is_broken, hold=hold, now=now)
        history.append((now, is_broken, stage))
    return history


@unhurried
@given(LOOKS, st.integers(0, 300))
def test_it_fires_only_after_being_broken_for_long_enough(
    looks: list[tuple[int, bool | None]], seconds: int
) -> None:
    history = live(looks, timedelta(seconds=seconds))
    for position, (now, is_broken, stage) in enumerate(history):
        before = history[position - 1][2] if position else None
        if stage is AlertState.FIRING and before is not AlertState.FIRING:
            assert is_broken
            earlier = [look for look in history[: position + 1] if look[1] is False]
            since = earlier[-1][0] if earlier else START
            assert now - since >= timedelta(seconds=seconds)


@unhurried
@given(LOOKS, st.integers(0, 300))
def test_not_knowing_changes_nothing(looks: list[tuple[int, bool | None]], seconds: int) -> None:
    history = live(looks, timedelta(seconds=seconds))
    for position, (_now, is_broken, stage) in enumerate(history):
        before = history[position - 1][2] if position else None
        if is_broken is None:
            assert stage is (None if before is AlertState.RESOLVED else before)


@unhurried
@given(LOOKS, st.integers(0, 300))
def test_only_what_fired_is_resolved_and_only_when_it_is_whole(
    looks: list[tuple[int, bool | None]], seconds: int
) -> None:
    history = live(looks, timedelta(seconds=seconds))
    for position, (_now, is_broken, stage) in enumerate(history):
        before = history[position - 1][2] if position else None
        assert (stage is AlertState.RESOLVED) == (before is AlertState.FIRING and is_broken is False)


@unhurried
@given(LOOKS)
def test_without_a_hold_it_fires_at_once(looks: list[tuple[int, bool | None]]) -> None:
    assert all(stage is AlertState.FIRING for _now, is_broken, stage in live(looks, timedelta()) if is_broken)
