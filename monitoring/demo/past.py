"""What the demonstration has been through: runs and what they cost, an outage, an alert that is over."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from conversations.models import Run, RunState
from monitoring.models import Alert, AlertRule, AlertState, HealthSpan, Status
from sessions_app.models import Channel

MARK = "demo"
DAYS = 30
RUNS_A_DAY = 20
_PROVIDERS = ("deepseek", "deepseek", "openai", "gemini")
_OUTAGE = timedelta(days=2, hours=3)
_OUTAGE_LENGTH = timedelta(minutes=6)


def seed_past(channel: Channel) -> dict[str, int]:
    """Make a month of runs, the history of two checks and an alert that is over, unless they are there."""
    if Run.objects.filter(route=MARK).exists():
        return {"runs": 0, "health spans": 0, "alerts": 0}
    now = timezone.now()
    return {"runs": _seed_runs(channel, now), "health spans": _seed_spans(now), "alerts": _seed_alert(now)}


def _seed_runs(channel: Channel, now: datetime) -> int:
    random = Random(7)  # noqa: S311  no secret
    moments = [now - timedelta(days=DAYS) * random.random() for _ in range(DAYS * RUNS_A_DAY)]
    runs = Run.objects.bulk_create(_run(channel, moment, random) for moment in moments)
    for run, moment in zip(runs, moments, strict=True):
        run.started_at = moment
    Run.objects.bulk_update(runs, ["started_at"])  # the moment of the insert stands there by itself
    return len(runs)


def _run(channel: Channel, moment: datetime, random: Random) -> Run:
    """A run as it stays of a customer who was erased: without a thread."""
    cost = Decimal(random.randrange(200, 1800)).scaleb(-6)
    provider = random.choice(_PROVIDERS)
    return Run(
        channel=channel,
        epoch=1,
        state=RunState.COMPLETED,
        provider=provider,
        model=MARK,
        route=MARK,
        input_tokens=random.randrange(300, 2400),
        output_tokens=random.randrange(40, 260),
        cost_usd=cost,
        baseline_usd=cost * 7,
        finished_at=moment + timedelta(seconds=2),
        folded_at=moment + timedelta(minutes=10),
    )


def _seed_spans(now: datetime) -> int:
    """The database was up all the time, and Redis but for some minutes."""
    month, outage = now - timedelta(days=DAYS), now - _OUTAGE
    spans = (
        ("database", Status.UP, month, now),
        ("redis", Status.UP, month, outage),
        ("redis", Status.DOWN, outage, outage + _OUTAGE_LENGTH),
        ("redis", Status.UP, outage + _OUTAGE_LENGTH, now),
    )
    rows = [
        HealthSpan(check_name=name, status=status, began_at=began, ended_at=ended)
        for name, status, began, ended in spans
    ]
    return len(HealthSpan.objects.bulk_create(rows))


def _seed_alert(now: datetime) -> int:
    rule = AlertRule.objects.order_by("pk").first()
    if rule is None:
        return 0
    began = now - _OUTAGE
    Alert.objects.create(
        rule=rule,
        scope=MARK,
        severity=rule.severity,
        state=AlertState.RESOLVED,
        threshold=1.0,
        occurrence=1,
        started_at=began,
        fired_at=began + timedelta(minutes=1),
        acknowledged_at=began + timedelta(minutes=3),
        acknowledged_by=MARK,
        resolved_at=began + _OUTAGE_LENGTH,
        note="Demo",
    )
    return 1
