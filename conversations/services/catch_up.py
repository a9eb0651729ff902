"""Doing now what the sweeper does continuously: orphaned runs, due turns, due sends, due totals."""

from django.db import Error as DatabaseError

from botsite.telemetry.logging import get_logger
from conversations.models import WhatsAppUser
from conversations.services import activity, outbox, recovery, sweeper, turns
from conversations.services.turns import TurnResult

BATCH = 1000

log = get_logger("recovery")


def catch_up() -> dict[str, int]:
    """Work off everything that is due; returns how much of each kind there was.

    Raises django.db.Error when Postgres is away.
    """
    log.info("ORPHANED_RUNS_RECOVERY")
    try:
        orphans = recovery.orphaned_users(BATCH)
        recovered = sum(turns.run_turn(user_id) == TurnResult.ANSWERED for user_id in orphans)
        due = sweeper.users_with_due_turns(BATCH)
        answered = sum(turns.run_turn(user_id) == TurnResult.ANSWERED for user_id in due)
        decided = outbox.decide_unknown()
        sent = sum(outbox.deliver_user(user_id) for user_id in outbox.users_with_due_messages(BATCH))
        folded = activity.fold_due(BATCH)
    except DatabaseError as error:
        log.error("ORPHANED_RUNS_FAILED", error=type(error).__name__)
        raise
    log.info("ORPHANED_RUNS_COMPLETED", total=len(orphans), recovered=recovered)
    return {
        "orphaned": len(orphans),
        "recovered": recovered,
        "answered": answered,
        "decided": decided,
        "sent": sent,
        "folded": folded,
        "still_waiting": WhatsAppUser.objects.filter(turn_due_at__isnull=False).count(),
    }
