"""Budgets: money is reserved before a model is asked and settled with the reply, so none is overspent.

The ladder: from the warning level on the cheapest models answer, at the limit the offline responder does,
and what that one does not know is held for a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from botsite import caching
from conversations.llm.complexity import Tier
from conversations.models import Budget, BudgetCharge, BudgetLevel
from conversations.services import budget_alerts, costs
from conversations.services.budget_alerts import Crossing
from conversations.services.budget_ledger import (
    ZERO,
    Ledger,
    Room,
    cost_rounded,
    estimate_rounded,
    open_ledger,
    period_starts,
    spendings_write,
    today,
)

HELD_REASON = "budget_spent"
"""Of a message that neither a model may answer nor the offline responder can."""


class Step(StrEnum):
    """How far down the ladder a channel is."""

    FULL = "full"
    CHEAPER = "cheaper"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run may do, and what is reserved for it (US dollars; nothing without a budget)."""

    step: Step
    reserved_usd: Decimal = ZERO

    @property
    def tier_cap(self) -> Tier | None:
        """The dearest tier whose models may be asked; None: any, or with OFFLINE none at all."""
        return Tier.SIMPLE if self.step is Step.CHEAPER else None


UNLIMITED = Allowance(Step.FULL)


def is_limited(channel_id: int) -> bool:
    """Whether the channel's runs are paid from a budget; no query once that is cached."""
    return bool(_budgets_of(channel_id))


def reserve(
    channel_id: int, *, run_id: int, estimate_usd: Decimal, cheaper_usd: Decimal | None = None
) -> Allowance:
    """Reserve what the run may cost at the most, and say what it may do for it.

    `estimate_usd` is for the model of its choice, `cheaper_usd` for the dearest of the cheapest tier (None:
    the same). With OFFLINE nothing is reserved. Asked again, the run's reservation is replaced. Call it
    outside of any transaction. A channel without a budget costs no query.
    """
    budget_ids = _budgets_of(channel_id)
    if not budget_ids:
        return UNLIMITED
    full = estimate_rounded(estimate_usd)
    cheaper = full if cheaper_usd is None else min(full, estimate_rounded(cheaper_usd))
    with transaction.atomic(durable=True):
        ledger = open_ledger(budget_ids, run_id=run_id)
        allowance = _allowance(ledger, full=full, cheaper=cheaper)
        if allowance.step is Step.OFFLINE:
            release(run_id)
        else:
            for budget in ledger.budgets:
                ledger.reserve(budget, allowance.reserved_usd)
        ledger.save()
    return allowance


def settle(run_id: int, cost_usd: Decimal | None, *, channel_id: int) -> None:
    """Book what the run of this channel has cost, in the transaction that ends the run. Repeating it is safe.

    None: nobody knows, and what was reserved counts as spent. Zero gives the reservation back. A run that
    reserved nothing is booked too, where its cost is known. A channel without a budget costs no query.
    """
    budget_ids = _budgets_of(channel_id)
    if not budget_ids:
        return
    with transaction.atomic(savepoint=False):
        ledger = open_ledger(budget_ids, run_id=run_id)
        for budget in ledger.budgets:
            charge = ledger.own(budget)
            if charge is None and cost_usd:
                charge = ledger.new_charge(budget)
            if charge is not None:
                ledger.settle(charge, charge.amount if cost_usd is None else cost_rounded(cost_usd))
        ledger.save()
        budget_alerts.alerts_store(list(_spent_levels(ledger)))


def release(run_id: int) -> None:
    """Give back what the run has reserved: no model was asked."""
    BudgetCharge.objects.filter(run=run_id, settled_at=None).delete()


def _budgets_of(channel_id: int) -> tuple[int, ...]:
    """Return the ids of the budgets that a run of the channel is paid from: its own and the common one."""

    def load() -> tuple[int, ...]:
        fitting = Budget.objects.filter(Q(channel=channel_id) | Q(channel=None))
        return tuple(fitting.order_by("pk").values_list("pk", flat=True))

    return cast("tuple[int, ...]", caching.get_or_load(caching.BUDGETS, load, channel=channel_id))


def _rooms(ledger: Ledger, *, with_reserved: bool) -> Iterable[Room]:
    for budget in ledger.budgets:
        for period, start in period_starts(today()).items():
            limit = budget.limit(period)
            if limit is None:
                continue
            account = (budget.pk, period, start)
            used = ledger.used(account) if with_reserved else ledger.spent.get(account, ZERO)
            yield Room(budget, period, start, limit, used)


def _allowance(ledger: Ledger, *, full: Decimal, cheaper: Decimal) -> Allowance:
    """Find the step of the ladder, and store the alerts of those limits that led to it."""
    rooms = list(_rooms(ledger, with_reserved=True))
    tight = [room for room in rooms if room.is_near or not room.fits(full)]
    spent = [room for room in rooms if not room.fits(cheaper)]
    crossings = [Crossing(room, BudgetLevel.WARN) for room in tight if room not in spent or room.is_near]
    crossings += [Crossing(room, BudgetLevel.LIMIT) for room in spent]
    budget_alerts.alerts_store(crossings)
    if spent:
        return Allowance(Step.OFFLINE)
    if tight:
        return Allowance(Step.CHEAPER, cheaper)
    return Allowance(Step.FULL, full)


def _spent_levels(ledger: Ledger) -> Iterable[Crossing]:
    for room in _rooms(ledger, with_reserved=False):
        if room.is_near:
            yield Crossing(room, BudgetLevel.WARN)
        if room.is_spent:
            yield Crossing(room, BudgetLevel.LIMIT)


@receiver((post_save, post_delete), sender=Budget)
def _forget_budgets(instance: Budget, **_: Any) -> None:
    if instance.channel_id is None:
        caching.invalidate_on_commit(caching.BUDGETS)
    else:
        caching.invalidate_on_commit(caching.BUDGETS, channel=instance.channel_id)


@receiver(post_save, sender=Budget)
def _count_what_was_spent_before(instance: Budget, created: bool, **_: Any) -> None:
    """A budget that is new in the middle of a month begins with what that month has cost until now."""
    if created:
        spendings_write(
            {
                (instance.pk, period, start): costs.spent_since(start, channel_id=instance.channel_id)
                for period, start in period_starts(today()).items()
            }
        )
