"""The life of an alert, as a function: nothing → pending → firing → resolved."""

from datetime import datetime, timedelta

from monitoring.models import AlertState

Stage = AlertState | None
"""None: there is no alert, or there is none any more."""


def next_stage(
    stage: Stage, *, began: datetime, is_broken: bool | None, hold: timedelta, now: datetime
) -> Stage:
    """Return what becomes of an open alert (or of none) that began at `began`, now that the rule is so.

    Broken since `hold`: it fires. Whole: a firing one is resolved, a pending one was nothing. `is_broken`
    None, nobody knows: it stays as it is.
    """
    if is_broken is None:
        return stage
    if not is_broken:
        return AlertState.RESOLVED if stage is AlertState.FIRING else None
    if stage is AlertState.FIRING or now - began >= hold:
        return AlertState.FIRING
    return AlertState.PENDING
