"""The one table of how long things are kept. docs/privacy.md says it in words."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, Model, OuterRef, Q

from botsite.caching.models import PendingInvalidation
from conversations.models import (
    CustomerMemory,
    EarlyStatus,
    Erasure,
    IdempotentRequest,
    InboundState,
    Message,
    OutboundState,
    Run,
    Thread,
    Tombstone,
    UserMerge,
    WebhookItem,
)
from conversations.services.tombstones import REPEATED_DAYS
from conversations.shop.models import CustomerSession
from monitoring.models import (
    Alert,
    AlertState,
    AuditEvent,
    BreakerEvent,
    Cause,
    Granularity,
    HealthSpan,
    MetricBucket,
    SecurityEvent,
)

UNDECIDED = (InboundState.PENDING, OutboundState.SENDING, OutboundState.UNKNOWN)
"""Kept for as long as they are in these states: somebody is at work on them."""
WAITING_FOR_A_PERSON = (InboundState.HELD, InboundState.PARKED)


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to the rows of `model` when `age` lies `days` in the past.

    They are deleted or, with `blank`, get these values. `only` says which of them are meant. `days` is asked
    each time: settings may differ in tests.
    """

    kind: str
    model: type[Model]
    age: str
    days: Callable[[], float]
    only: Q = field(default_factory=Q)
    blank: dict[str, Any] = field(default_factory=dict)

    def period(self) -> timedelta:
        return timedelta(days=self.days())


def _retention_days() -> float:
    return settings.RETENTION_DAYS


def _repeatable_days() -> float:
    """For what tells a repeated webhook from a new one: never shorter than providers repeat."""
    return max(settings.RETENTION_DAYS, REPEATED_DAYS)


def _for(days: float) -> Callable[[], float]:
    return lambda: days


def _at_least(days: float) -> Callable[[], float]:
    return lambda: max(settings.RETENTION_DAYS, days)


_SETTLED = ~Q(state__in=(*UNDECIDED, *WAITING_FOR_A_PERSON))
_HAS_MESSAGES = Exists(Message.objects.filter(thread=OuterRef("pk")))
_HAS_RUNS = Exists(Run.objects.filter(thread=OuterRef("pk")))
_LATER_BY_HAND = Exists(
    BreakerEvent.objects.filter(name=OuterRef("name"), cause=Cause.MANUAL, pk__gt=OuterRef("pk"))
)

RULES = (
    Rule("messages", Message, "created_at", _repeatable_days, _SETTLED),
    # Only where the period is shorter than the one above: the row stays to know a repeat by.
    Rule(
        "message_texts",
        Message,
        "created_at",
        _retention_days,
        _SETTLED & ~Q(text="", note="", template=None),
        {"text": "", "note": "", "template": None},
    ),
    Rule("parked_messages", Message, "created_at", _at_least(90), Q(state__in=WAITING_FOR_A_PERSON)),
    Rule(
        "message_payloads",
        Message,
        "created_at",
        lambda: min(7, settings.RETENTION_DAYS),
        Q(payload__isnull=False),
        {"payload": None},
    ),
    Rule("webhook_items", WebhookItem, "received_at", _repeatable_days),
    Rule("idempotent_requests", IdempotentRequest, "created_at", _retention_days),
    Rule("early_statuses", EarlyStatus, "received_at", _for(2)),
    Rule(
        "thread_summaries",
        Thread,
        "started_at",
        _retention_days,
        Q(~_HAS_MESSAGES) & ~Q(summary=""),
        {"summary": ""},
    ),
    Rule(
        "runs",
        Run,
        "started_at",
        _at_least(400),
        Q(finished_at__isnull=False, folded_at__isnull=False) | Q(finished_at__isnull=False, thread=None),
    ),
    Rule(
        "threads",
        Thread,
        "started_at",
        _at_least(400),
        Q(~_HAS_MESSAGES) & Q(~_HAS_RUNS) & Q(closed_at__isnull=False),
    ),
    Rule("erased_facts", CustomerMemory, "erased_at", _at_least(90)),
    Rule("merge_details", UserMerge, "merged_at", _at_least(90), ~Q(left_out=[]), {"left_out": []}),
    Rule("shop_sessions", CustomerSession, "expires_at", _for(0)),
    Rule("staff_sessions", Session, "expire_date", _for(0)),
    Rule("tombstones", Tombstone, "expires_at", _for(0)),
    Rule("erasures", Erasure, "erased_at", _at_least(730)),
    Rule("breaker_events", BreakerEvent, "at", _for(90), ~Q(cause=Cause.MANUAL) | Q(_LATER_BY_HAND)),
    Rule("alerts", Alert, "resolved_at", _for(400), Q(state=AlertState.RESOLVED)),
    Rule("health_history", HealthSpan, "ended_at", _for(90)),
    Rule("pending_invalidations", PendingInvalidation, "created_at", _for(2)),
    Rule("admin_log", LogEntry, "action_time", _for(365)),
    Rule("security_events", SecurityEvent, "at", _for(180)),
    Rule("audit_events", AuditEvent, "at", _for(730)),
    Rule("metric_minutes", MetricBucket, "start", _for(2), Q(granularity=Granularity.MINUTE)),
    Rule("metric_hours", MetricBucket, "start", _for(365), Q(granularity=Granularity.HOUR)),
    Rule("failed_logins", AccessAttempt, "attempt_time", _for(90)),
)
LOG_FILE_DAYS = 30
