"""Telling that a budget is nearly spent, or spent: once for each budget, period and level."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.models import Budget, BudgetAlert, BudgetLevel

_EVENTS = {BudgetLevel.WARN: "BUDGET_WARNING", BudgetLevel.LIMIT: "BUDGET_SPENT"}

log = get_logger("budgets")


@dataclass(frozen=True, slots=True)
class Crossing:
    """A budget at a level; `spent` may include what is reserved."""

    budget: Budget
    period: str
    starts_on: date
    level: BudgetLevel
    limit: Decimal
    spent: Decimal


def alerts_store(crossings: Sequence[Crossing]) -> None:
    """Store the alerts that are new, and tell of them after the commit. Call it with the budgets locked.

    One query where nothing is new, none without crossings.
    """
    if not crossings:
        return
    known = set(_known(crossings))
    for crossing in crossings:
        key = (crossing.budget.pk, crossing.period, crossing.starts_on, crossing.level)
        if key in known:
            continue
        known.add(key)
        _store(crossing)


def _known(crossings: Sequence[Crossing]) -> list[tuple[int, str, date, str]]:
    which = Q(pk=None)
    for crossing in crossings:
        which |= Q(budget=crossing.budget, period=crossing.period, starts_on=crossing.starts_on)
    return list(BudgetAlert.objects.filter(which).values_list("budget_id", "period", "starts_on", "level"))


def _store(crossing: Crossing) -> None:
    alert = BudgetAlert.objects.create(
        budget=crossing.budget,
        period=crossing.period,
        starts_on=crossing.starts_on,
        level=crossing.level,
        limit_usd=crossing.limit,
        spent_usd=crossing.spent,
    )
    transaction.on_commit(lambda: _tell(alert, crossing))


def _tell(alert: BudgetAlert, crossing: Crossing) -> None:
    metrics.count("budget_alerts_total", level=str(crossing.level))
    log.warning(
        _EVENTS[crossing.level],
        alert_id=alert.pk,
        budget_id=crossing.budget.pk,
        channel_id=crossing.budget.channel_id,
        period=str(crossing.period),
        starts_on=crossing.starts_on.isoformat(),
        limit_usd=str(crossing.limit),
        spent_usd=str(crossing.spent),
    )
