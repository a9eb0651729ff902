"""Telling that a budget is nearly spent, or spent: once for each budget, period and level."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.models import BudgetAlert, BudgetLevel
from conversations.services.budget_ledger import Room

_EVENTS = {BudgetLevel.WARN: "BUDGET_WARNING", BudgetLevel.LIMIT: "BUDGET_SPENT"}

log = get_logger("budgets")


@dataclass(frozen=True, slots=True)
class Crossing:
    """A limit of which so much is used that it is at a level."""

    room: Room
    level: BudgetLevel


def alerts_store(crossings: Sequence[Crossing]) -> None:
    """Store the alerts that are new, and tell of them after the commit. Call it with the budgets locked.

    One query where nothing is new, none without crossings.
    """
    if not crossings:
        return
    known = set(_known(crossings))
    for crossing in crossings:
        key = (crossing.room.budget.pk, crossing.room.period, crossing.room.starts_on, crossing.level)
        if key not in known:
            known.add(key)
            _store(crossing.room, crossing.level)


def _known(crossings: Sequence[Crossing]) -> list[tuple[int, str, date, str]]:
    which = Q(pk=None)
    for room in (crossing.room for crossing in crossings):
        which |= Q(budget=room.budget, period=room.period, starts_on=room.starts_on)
    return list(BudgetAlert.objects.filter(which).values_list("budget_id", "period", "starts_on", "level"))


def _store(room: Room, level: BudgetLevel) -> None:
    alert = BudgetAlert.objects.create(
        budget=room.budget,
        period=room.period,
        starts_on=room.starts_on,
        level=level,
        limit_usd=room.limit,
        spent_usd=room.used,
    )
    transaction.on_commit(lambda: _tell(alert, room))


def _tell(alert: BudgetAlert, room: Room) -> None:
    metrics.count("budget_alerts_total", level=str(alert.level))
    log.warning(
        _EVENTS[BudgetLevel(alert.level)],
        alert_id=alert.pk,
        budget_id=room.budget.pk,
        channel_id=room.budget.channel_id,
        period=str(room.period),
        starts_on=room.starts_on.isoformat(),
        limit_usd=str(room.limit),
        spent_usd=str(room.used),
    )
