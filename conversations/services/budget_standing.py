"""How budgets stand now, for the pages of staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from conversations.models import Budget, BudgetCharge, BudgetPeriod, BudgetSpending
from conversations.services.budget_ledger import ZERO, Room, period_starts, today
from conversations.services.budgets import Step


@dataclass(frozen=True, slots=True)
class Part:
    """What is spent, and reserved beside it, of a budget today or this month, in US dollars."""

    period: BudgetPeriod
    spent: Decimal
    reserved: Decimal
    limit: Decimal | None

    @property
    def percent(self) -> int | None:
        """Return how much of the limit is used; None without one."""
        if self.limit is None:
            return None
        return int((self.spent + self.reserved) * 100 / self.limit) if self.limit else 100


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget, its parts of today and this month, and how far down the ladder it is."""

    budget: Budget
    day: Part
    month: Part
    step: Step


def with_books(budgets: QuerySet[Budget]) -> QuerySet[Budget]:
    """Read along what `standing` looks at: two queries more, however many budgets."""
    spendings = BudgetSpending.objects.filter(starts_on__in=set(period_starts(today()).values()))
    charges = BudgetCharge.objects.filter(settled_at=None)
    return budgets.select_related("channel").prefetch_related(
        Prefetch("spendings", queryset=spendings), Prefetch("charges", queryset=charges)
    )


def standing(budget: Budget) -> Standing:
    """Return how a budget of `with_books` stands."""
    parts = {period: _part(budget, period) for period in BudgetPeriod}
    rooms = [
        Room(budget, part.period, today(), part.limit, part.spent + part.reserved)
        for part in parts.values()
        if part.limit is not None
    ]
    return Standing(budget, parts[BudgetPeriod.DAY], parts[BudgetPeriod.MONTH], _step(rooms))


def standings() -> list[Standing]:
    """Return how all budgets stand, that of all channels first."""
    rows = map(standing, with_books(Budget.objects.all()))
    return sorted(rows, key=lambda found: (found.budget.channel_id is not None, str(found.budget)))


def _part(budget: Budget, period: BudgetPeriod) -> Part:
    start = period_starts(today())[period]
    spent = (
        row.spent_usd for row in budget.spendings.all() if (row.period, row.starts_on) == (period, start)
    )
    reserved = (row.amount_usd for row in budget.charges.all() if period_starts(row.day)[period] == start)
    return Part(period, sum(spent, ZERO), sum(reserved, ZERO), budget.limit(period))


def _step(rooms: Sequence[Room]) -> Step:
    if any(room.is_spent for room in rooms):
        return Step.OFFLINE
    return Step.CHEAPER if any(room.is_near for room in rooms) else Step.FULL
