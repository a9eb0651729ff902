"""Builders of what the tests of budgets and costs start from."""

import itertools
from datetime import datetime
from decimal import Decimal
from typing import Any

from conversations.models import Budget, BudgetCharge, BudgetSpending, Run, Thread, WhatsAppUser
from conversations.services import budgets
from conversations.services.budgets import Allowance
from sessions_app.models import Channel

_customers = itertools.count(1)


def make_budget(channel: Channel | None, *, daily: str | None = None, monthly: str | None = None) -> Budget:
    """A budget in US dollars that warns at 80 percent."""
    return Budget.objects.create(channel=channel, daily_usd=_usd(daily), monthly_usd=_usd(monthly))


def make_thread(channel: Channel, *, name: str = "") -> Thread:
    """The thread of a new customer."""
    name = name or f"Customer {next(_customers)}"
    return Thread.objects.create(user=WhatsAppUser.objects.create(channel=channel, name=name))


def make_run(
    channel: Channel, *, at: datetime | None = None, thread: Thread | None = None, **values: Any
) -> Run:
    """An active run of a new customer, or with `values` of Run another one; begun at `at`, else now."""
    run = Run.objects.create(thread=thread or make_thread(channel), epoch=1, **values)
    if at is not None:
        Run.objects.filter(pk=run.pk).update(started_at=at)
    return run


def ask(channel: Channel, usd: str, *, run: Run | None = None, cheaper: str | None = None) -> Allowance:
    """Reserve for a run, which stays active."""
    return budgets.reserve(
        channel.pk,
        run_id=(run or make_run(channel)).pk,
        estimate_usd=Decimal(usd),
        cheaper_usd=None if cheaper is None else Decimal(cheaper),
    )


def spend(channel: Channel, usd: str) -> Run:
    """Let a run cost so much, whatever its budget says."""
    run = make_run(channel)
    budgets.settle(run.pk, Decimal(usd), channel_id=channel.pk)
    return run


def reserved(budget: Budget) -> Decimal:
    """What is reserved of a budget and not settled."""
    rows = BudgetCharge.objects.filter(budget=budget, settled_at=None)
    return sum(rows.values_list("amount_usd", flat=True), Decimal(0))


def spent(budget: Budget) -> dict[str, Decimal]:
    """What is spent of a budget, by period and its first day: {"day 2026-11-21": …}."""
    rows = BudgetSpending.objects.filter(budget=budget).exclude(spent_usd=0)
    return {f"{row.period} {row.starts_on}": row.spent_usd for row in rows}


def _usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
