"""The books of budgets under their lock: what is spent, what is reserved, and by which run.

What a run reserved ends with the run: whoever opens the ledger next settles what ended without a word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations.models import Budget, BudgetCharge, BudgetPeriod, BudgetSpending, Run, RunState

ZERO = Decimal(0)
SMALLEST = Decimal("0.000000001")
MARGIN_SECONDS = 60.0
"""How much longer than LOCK_TIMEOUT_SECONDS, which bounds a turn, a reservation lives."""

Account = tuple[int, str, date]
"""A budget's id, a BudgetPeriod and the day on which that period begins."""


def today() -> date:
    """Return the day that it is in TIME_ZONE."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def period_starts(day: date) -> dict[BudgetPeriod, date]:
    """Return on which days the periods begin that `day` lies in."""
    return {BudgetPeriod.DAY: day, BudgetPeriod.MONTH: day.replace(day=1)}


@dataclass(frozen=True, slots=True)
class Room:
    """A limit that holds now, and what is used of it."""

    budget: Budget
    period: BudgetPeriod
    starts_on: date
    limit: Decimal
    used: Decimal

    @property
    def is_near(self) -> bool:
        """Whether the level of the warning is reached."""
        return self.used * 100 >= self.limit * self.budget.warn_percent

    @property
    def is_spent(self) -> bool:
        return self.used >= self.limit

    def fits(self, amount: Decimal) -> bool:
        """Whether `amount` can be used too."""
        return not self.is_spent and self.used + amount <= self.limit


@dataclass(slots=True)
class Charge:
    """A run's part of a budget. What is settled is spent; what is not is reserved."""

    run_id: int
    budget_id: int
    amount: Decimal
    day: date
    is_settled: bool

    def accounts(self) -> Iterable[Account]:
        return ((self.budget_id, period, start) for period, start in period_starts(self.day).items())


@dataclass(slots=True)
class Ledger:
    """Budgets whose rows are locked to the end of the transaction, and what stands in their accounts."""

    run_id: int
    budgets: Sequence[Budget]
    charges: list[Charge]
    spent: dict[Account, Decimal]
    _changed: dict[tuple[int, int], Charge] = field(default_factory=dict)
    _touched: set[Account] = field(default_factory=set)

    def own(self, budget: Budget) -> Charge | None:
        """Return what the ledger's run has taken of `budget`."""
        mine = (c for c in self.charges if (c.run_id, c.budget_id) == (self.run_id, budget.pk))
        return next(mine, None)

    def used(self, account: Account) -> Decimal:
        """Return what is spent of an account and what other runs have reserved of it."""
        reserved = (
            charge.amount
            for charge in self.charges
            if not charge.is_settled and charge.run_id != self.run_id and account in charge.accounts()
        )
        return self.spent.get(account, ZERO) + sum(reserved, ZERO)

    def reserve(self, budget: Budget, amount: Decimal) -> None:
        """Reserve `amount` for the ledger's run; what was settled of it before stays booked until it ends."""
        charge = self.own(budget)
        if charge is None:
            charge = Charge(self.run_id, budget.pk, amount, today(), is_settled=False)
            self.charges.append(charge)
        elif charge.is_settled:
            return
        charge.amount = amount
        self._changed[charge.run_id, charge.budget_id] = charge

    def settle(self, charge: Charge, amount: Decimal) -> None:
        """Book that the run has cost `amount`, whatever was reserved or booked for it before."""
        before = charge.amount if charge.is_settled else ZERO
        for account in charge.accounts():
            self.spent[account] = self.spent.get(account, ZERO) + amount - before
            self._touched.add(account)
        charge.amount, charge.is_settled = amount, True
        self._changed[charge.run_id, charge.budget_id] = charge

    def new_charge(self, budget: Budget) -> Charge:
        """Return a charge of the ledger's run that nothing was reserved for."""
        charge = Charge(self.run_id, budget.pk, ZERO, today(), is_settled=False)
        self.charges.append(charge)
        return charge

    def save(self) -> None:
        """Write what has changed, in two queries at the most."""
        if self._changed:
            BudgetCharge.objects.bulk_create(
                [
                    BudgetCharge(
                        run_id=charge.run_id,
                        budget_id=charge.budget_id,
                        amount_usd=charge.amount,
                        day=charge.day,
                        reserved_at=Now(),
                        settled_at=Now() if charge.is_settled else None,
                    )
                    for charge in self._changed.values()
                ],
                update_conflicts=True,
                unique_fields=["run", "budget"],
                update_fields=["amount_usd", "day", "reserved_at", "settled_at"],
            )
        spendings_write({account: self.spent[account] for account in self._touched})


def open_ledger(budget_ids: Iterable[int], *, run_id: int) -> Ledger:
    """Lock the budgets, in a transaction of the caller's, and return their accounts as they stand now.

    Three queries; what ended runs had reserved is settled in passing. A deleted budget is left out.
    """
    locked = Budget.objects.select_for_update(no_key=True).filter(pk__in=budget_ids).order_by("pk")
    budgets = list(locked)
    reserved_or_own = Q(settled_at=None) | Q(run=run_id)
    found = BudgetCharge.objects.filter(reserved_or_own, budget__in=budgets).annotate(is_over=_is_over())
    rows = list(found.select_related("run").order_by("pk"))
    charges = [
        Charge(row.run_id, row.budget_id, row.amount_usd, row.day, is_settled=row.settled_at is not None)
        for row in rows
    ]
    days = {charge.day for charge in charges} | {today()}
    starts = {start for day in days for start in period_starts(day).values()}
    spendings = BudgetSpending.objects.filter(budget__in=budgets, starts_on__in=starts)
    spent = {(row.budget_id, row.period, row.starts_on): row.spent_usd for row in spendings}
    ledger = Ledger(run_id, budgets, charges, spent)
    for row, charge in zip(rows, charges, strict=True):
        if row.run_id != run_id and not charge.is_settled and row.is_over:
            ledger.settle(charge, _cost_of_ended(row.run, reserved=charge.amount))
    return ledger


def spendings_write(spent: Mapping[Account, Decimal]) -> None:
    """Set what is spent of accounts; call it with their budgets locked."""
    BudgetSpending.objects.bulk_create(
        [
            BudgetSpending(budget_id=budget_id, period=period, starts_on=start, spent_usd=amount)
            for (budget_id, period, start), amount in spent.items()
        ],
        update_conflicts=True,
        unique_fields=["budget", "period", "starts_on"],
        update_fields=["spent_usd"],
    )


def estimate_rounded(amount: Decimal) -> Decimal:
    """Return an estimate as it is reserved, rounded up. Raises ValueError for a negative one."""
    if amount < 0:
        raise ValueError("an estimate is not negative")
    return amount.quantize(SMALLEST, ROUND_CEILING)


def cost_rounded(amount: Decimal) -> Decimal:
    """Return a cost as the books keep it."""
    return amount.quantize(SMALLEST, ROUND_HALF_EVEN)


def _is_over() -> "ExpressionWrapper[Q]":
    """Whether nobody will settle a charge: its run has ended, or has lasted longer than any may."""
    lifetime = timedelta(seconds=settings.LOCK_TIMEOUT_SECONDS + MARGIN_SECONDS)
    is_over = ~Q(run__state=RunState.ACTIVE) | Q(reserved_at__lt=Now() - lifetime)
    return ExpressionWrapper(is_over, output_field=BooleanField())


def _cost_of_ended(run: Run, *, reserved: Decimal) -> Decimal:
    """Return what a run cost that did not say so: the estimate where nobody knows, never nothing."""
    if run.cost_usd is not None:
        return run.cost_usd
    was_asked = run.usage_unknown or run.state == RunState.ACTIVE or run.input_tokens or run.output_tokens
    return reserved if was_asked else ZERO
