"""Orphaned runs: what a vanished worker left behind is fetched, if the provider has it, or asked again."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from botsite.resilience.leases import Lease
from botsite.telemetry.logging import get_logger
from conversations.models import Message, Run, RunState, WhatsAppUser
from conversations.services.dead_letter import MAX_CRASHES, waiting

log = get_logger("recovery")


def adopt_orphan(lease: Lease, user: WhatsAppUser, orphan: Run) -> list[Message]:
    """Take over the run that a vanished worker left active, if its answer can still be fetched.

    Returns the messages that it answers. With none the run is closed as crashed, and its messages are asked
    again. Call it with the user's row locked, before a new run is begun.
    """
    messages = list(waiting(user).filter(run=orphan, crashes__lt=MAX_CRASHES))
    if messages and _is_fetchable(orphan):
        Run.objects.filter(pk=orphan.pk).update(epoch=lease.epoch)
        waiting(user).filter(run=orphan).update(crashes=F("crashes") + 1)
        return messages
    Run.objects.filter(pk=orphan.pk).update(
        state=RunState.CRASHED, finished_at=Now(), error="the worker vanished"
    )
    log.warning("RUN_RECOVERY", run_id=orphan.pk, fallback="asked again")
    return []


def _is_fetchable(run: Run) -> bool:
    """The provider knows the answer by id, and the run's time is not over."""
    if not run.response_id:
        return False
    young = Now() - timedelta(seconds=settings.LOCK_TIMEOUT_SECONDS)
    return Run.objects.filter(pk=run.pk, started_at__gt=young).exists()


def orphaned_users(limit: int) -> list[int]:
    """Return users with a lease that ran out while their messages waited: their worker vanished."""
    expired = Q(lease_until__lt=Now(), turn_due_at__isnull=False)
    return list(WhatsAppUser.objects.filter(expired).values_list("pk", flat=True)[:limit])
