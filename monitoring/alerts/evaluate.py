"""Going through the rules: what is broken, what becomes of its alert."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from botsite.telemetry.logging import get_logger
from monitoring.alerts import transitions
from monitoring.alerts.definition import Compare
from monitoring.alerts.measured import Measured, Unknown
from monitoring.alerts.measures import Facts, measure
from monitoring.models import OPEN_STATES, Alert, AlertRule, Watch
from monitoring.services.rule_sync import WATCH

log = get_logger("alerts")

Judged = Mapping[str, transitions.Judgement]
"""By scope; a scope that is missing is whole."""


@dataclass(frozen=True, slots=True)
class Round:
    """One look at a rule. `judged` None: nothing is known of it now."""

    rule: AlertRule
    judged: Judged | None


def evaluate(now: datetime | None = None) -> dict[str, int]:
    """Go through all rules that are due; returns counts of "rules", "unknown", "fired" and "resolved".

    A rule that cannot be measured keeps its alerts as they are, and the others from nothing. Raises
    django.db.Error when Postgres is away.
    """
    now = now or timezone.now()
    facts = Facts()
    rounds = [_look(rule, facts) for rule in _due(now)]
    counts = transitions.Counts()
    open_alerts = _open_alerts()
    for look in rounds:
        _apply(look, open_alerts.get(look.rule.pk, {}), now, counts)
    _note(rounds, now)
    return {"rules": len(rounds), "unknown": sum(look.judged is None for look in rounds), **counts.as_dict()}


def _due(now: datetime) -> list[AlertRule]:
    """Rules that are on and whose time it is; also, as long as they have open alerts, those that are not."""
    rules = AlertRule.objects.filter(Q(is_enabled=True) | Q(alerts__state__in=OPEN_STATES)).distinct()
    return [rule for rule in rules if _is_due(rule, now)]


def _is_due(rule: AlertRule, now: datetime) -> bool:
    every = rule.definition.every if rule.definition else None
    return not every or rule.evaluated_at is None or now - rule.evaluated_at >= every


def _look(rule: AlertRule, facts: Facts) -> Round:
    definition = rule.definition
    if not rule.is_enabled or definition is None:
        return Round(rule, {})
    try:
        found = measure(definition.source, rule.window, facts)
    except (Unknown, DatabaseError):
        return Round(rule, None)
    except Exception as error:  # one rule that fails must not keep the others from being looked at
        log.warning("ALERT_RULE_NOT_MEASURED", operation=rule.slug, error=type(error).__name__)
        return Round(rule, None)
    return Round(rule, {one.scope: _judge(rule, definition.compare, one) for one in found})


def _judge(rule: AlertRule, compare: Compare, measured: Measured) -> transitions.Judgement:
    """Too few samples are no reason for an alert, and one that is open has ended with the traffic."""
    if measured.value is None:
        return transitions.Judgement(None, None)
    is_enough = measured.samples is None or measured.samples >= rule.minimum
    return transitions.Judgement(measured.value, is_enough and compare.holds(measured.value, rule.threshold))


def _apply(look: Round, alerts: Mapping[str, Alert], now: datetime, counts: transitions.Counts) -> None:
    if look.judged is None:
        transitions.keep(alerts.values(), now)
        return
    broken = {scope for scope, judgement in look.judged.items() if judgement.is_broken}
    for scope in sorted(alerts.keys() | broken):
        judgement = look.judged.get(scope, transitions.WHOLE)
        transitions.advance(look.rule, scope, alerts.get(scope), judgement, now, counts)


def _open_alerts() -> dict[int, dict[str, Alert]]:
    found: dict[int, dict[str, Alert]] = {}
    for alert in Alert.objects.filter(state__in=OPEN_STATES).select_related("rule"):
        found.setdefault(alert.rule_id, {})[alert.scope] = alert
    return found


def _note(rounds: Iterable[Round], now: datetime) -> None:
    """Write down that it was done: the watchdog looks for that."""
    looked_at = [look.rule.pk for look in rounds]
    known = [look.rule.pk for look in rounds if look.judged is not None]
    AlertRule.objects.filter(pk__in=looked_at).update(evaluated_at=now)
    AlertRule.objects.filter(pk__in=known).update(known_at=F("evaluated_at"))
    Watch.objects.filter(name=WATCH).update(evaluated_at=Now())
