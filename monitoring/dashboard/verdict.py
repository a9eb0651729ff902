"""The one sentence that a manager reads first: the worst thing, or that all is well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.services.budget_standing import Standing as BudgetStanding
from conversations.services.budgets import Step
from monitoring.dashboard.standing import Standing
from monitoring.models import Alert
from monitoring.services.health_states import CheckState, Status
from monitoring.services.message_counts import COUNT_LIMIT

NAMED = 3
"""So many names fit into a sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`level` is up, held or down; `target` is the part of the page that says more."""

    level: str
    text: str
    target: str


def verdict_of(now: Standing, budgets: Sequence[BudgetStanding]) -> Verdict:
    """Return what matters most."""
    rules: tuple[Callable[[], Verdict | None], ...] = (
        lambda: _down(now.checks),
        lambda: _critical(now.alerts),
        lambda: _late(now.waiting["late"]),
        lambda: _parked(now.waiting["parked"] + now.waiting["unknown"]),
        lambda: _spent(budgets),
        lambda: _unwatched(now.checks),
        lambda: _degraded(now.checks),
        lambda: _warnings(now.alerts),
        lambda: _held(now.waiting["held"]),
    )
    found = (rule() for rule in rules)
    well = Verdict("up", _("All is well: every message is answered."), "health")
    return next((verdict for verdict in found if verdict), well)


def _down(checks: Sequence[CheckState]) -> Verdict | None:
    names = [check.label for check in checks if check.status == Status.DOWN and not check.is_stale]
    return (
        Verdict("down", _("Not working: %(names)s.") % {"names": _named(names)}, "health") if names else None
    )


def _critical(alerts: Sequence[Alert]) -> Verdict | None:
    urgent = [alert for alert in alerts if is_critical(alert) and alert.acknowledged_at is None]
    if not urgent:
        return None
    text = ngettext(
        "%(count)d critical alert needs somebody now.",
        "%(count)d critical alerts need somebody now.",
        len(urgent),
    )
    return Verdict("down", text % {"count": len(urgent)}, "alerts")


def _late(count: int) -> Verdict | None:
    text = ngettext(
        "%(count)s customer has waited for over a minute: is a worker running?",
        "%(count)s customers have waited for over a minute: is a worker running?",
        count,
    )
    return Verdict("down", text % {"count": _short(count)}, "hands") if count else None


def _parked(count: int) -> Verdict | None:
    text = ngettext(
        "%(count)s message could not be dealt with and needs a person.",
        "%(count)s messages could not be dealt with and need a person.",
        count,
    )
    return Verdict("held", text % {"count": _short(count)}, "hands") if count else None


def _spent(budgets: Sequence[BudgetStanding]) -> Verdict | None:
    for step, text in (
        (Step.OFFLINE, _("The budget is spent, no model is asked: %(names)s.")),
        (Step.CHEAPER, _("The budget is nearly spent, cheaper models answer: %(names)s.")),
    ):
        names = [str(row.budget) for row in budgets if row.step == step]
        if names:
            return Verdict("held", text % {"names": _named(names)}, "ai")
    return None


def _unwatched(checks: Sequence[CheckState]) -> Verdict | None:
    if checks and not all(check.is_stale for check in checks):
        return None
    return Verdict("held", _("Nobody is checking: whether all is well is not known."), "health")


def _degraded(checks: Sequence[CheckState]) -> Verdict | None:
    names = [check.label for check in checks if check.status == Status.DEGRADED and not check.is_stale]
    text = _("Working, but not as it should: %(names)s.")
    return Verdict("held", text % {"names": _named(names)}, "health") if names else None


def _warnings(alerts: Sequence[Alert]) -> Verdict | None:
    unseen = [a for a in alerts if a.severity == "warning" and is_firing(a) and a.acknowledged_at is None]
    text = ngettext(
        "All answers go out; %(count)d warning is open.",
        "All answers go out; %(count)d warnings are open.",
        len(unseen),
    )
    return Verdict("held", text % {"count": len(unseen)}, "alerts") if unseen else None


def _held(count: int) -> Verdict | None:
    text = ngettext(
        "All is well; %(count)s question waits for a person.",
        "All is well; %(count)s questions wait for a person.",
        count,
    )
    return Verdict("held", text % {"count": _short(count)}, "hands") if count else None


def is_firing(alert: Alert) -> bool:
    return str(alert.state) == "firing"


def is_critical(alert: Alert) -> bool:
    return is_firing(alert) and str(alert.severity) == "critical"


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(map(str, names[:NAMED])) + (f" (+{more})" if more > 0 else "")


def _short(count: int) -> str:
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count)
