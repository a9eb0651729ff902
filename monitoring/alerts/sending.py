"""Sending notices: all of a target that are due together, with patience."""

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone, translation

from botsite.telemetry.logging import get_logger
from monitoring.alerts.notices import notices_plan
from monitoring.alerts.notify import email, webhook, whatsapp
from monitoring.alerts.notify.base import Batch, NotTold
from monitoring.alerts.severity import Severity
from monitoring.models import (
    AlertEvent,
    AlertEventKind,
    NoticeState,
    Notification,
    NotificationTarget,
    TargetKind,
)

ATTEMPTS = 10
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=30)
AT_ONCE = 4

_WAYS: Mapping[str, Callable[[Batch], None]] = {
    TargetKind.EMAIL: email.tell,
    TargetKind.WEBHOOK: webhook.tell,
    TargetKind.WHATSAPP: whatsapp.tell,
}

log = get_logger("alerts")


def notices_round() -> dict[str, int]:
    """Plan and send what is due now; returns counts of "planned", "sent" and "failed" notices.

    Raises django.db.Error. What was sent and could not be written down is sent again, under the same id.
    """
    now = timezone.now()
    planned = notices_plan(now)
    batches = [batch for batch in map(_claim, _waiting(now)) if batch]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notices") as pool:
        failures = list(pool.map(_try, batches))
    sent = failed = 0
    for batch, failure in zip(batches, failures, strict=True):
        _record(batch, failure)
        sent += 0 if failure else len(batch.notices)
        failed += len(batch.notices) if failure else 0
    return {"planned": planned, "sent": sent, "failed": failed}


def _waiting(now: datetime) -> list[tuple[int, uuid.UUID | None]]:
    """Return what goes out together: the target, and the batch of what was tried before."""
    due = Notification.objects.filter(state=NoticeState.PENDING, due_at__lte=now, target__is_enabled=True)
    return list(due.order_by("target", "batch").values_list("target", "batch").distinct())


@transaction.atomic
def _claim(key: tuple[int, uuid.UUID | None]) -> Batch | None:
    """Note the attempt before it is made: who vanishes in the middle has used it up."""
    target_id, batch_id = key
    waiting = Notification.objects.filter(
        target=target_id, batch=batch_id, state=NoticeState.PENDING, due_at__lte=timezone.now()
    )
    notices = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("alert__rule"))
    if not notices:
        return None
    batch_id = batch_id or uuid.uuid4()
    attempts = notices[0].attempts + 1
    Notification.objects.filter(pk__in=[notice.pk for notice in notices]).update(
        batch=batch_id, attempts=attempts, due_at=timezone.now() + _pause(attempts)
    )
    for notice in notices:
        notice.attempts = attempts
    target = NotificationTarget.objects.select_related("channel").get(pk=target_id)
    return Batch(batch_id, target, sorted(notices, key=_urgency))


def _pause(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * int(2 ** (attempts - 1)), LONGEST_PAUSE)


def _try(batch: Batch) -> NotTold | None:
    try:
        with translation.override(batch.target.language):
            _WAYS[batch.target.kind](batch)
    except NotTold as failure:
        return failure
    except Exception as error:  # a fault in one way of telling must not keep the other ways from it
        log.exception("ALERT_NOTICE_FAILED", target_id=batch.target.pk)
        return NotTold(type(error).__name__)
    finally:
        connection.close()
    return None


def _record(batch: Batch, failure: NotTold | None) -> None:
    rows = Notification.objects.filter(batch=batch.id, target=batch.target, state=NoticeState.PENDING)
    if failure is None:
        with transaction.atomic():
            rows.update(state=NoticeState.SENT, sent_at=timezone.now(), error="")
            AlertEvent.objects.bulk_create(
                AlertEvent(alert=notice.alert, kind=AlertEventKind.NOTIFIED, text=batch.target.name)
                for notice in batch.notices
            )
        return
    is_over = failure.is_final or batch.notices[0].attempts >= ATTEMPTS
    rows.update(state=NoticeState.FAILED if is_over else NoticeState.PENDING, error=failure.code[:100])
    log.error("ALERT_NOTICE_NOT_SENT", target_id=batch.target.pk, error=failure.code, is_final=is_over)


def _urgency(notice: Notification) -> tuple[int, int]:
    return Severity(notice.alert.severity).rank, notice.alert_id
