"""Delayed activity: what committed runs used goes into the totals some time after the last of them.

A turn's commit only says when that is due. The fold then adds up every run once: it holds the thread's row,
and takes the runs of exactly the version of that row which it saw. A turn that commits meanwhile has changed
the row, or waits for it, and makes a fold due again.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, When
from django.db.models.functions import Coalesce, Least, Now

from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.models import Thread
from conversations.services import client_data

LONGEST_DELAYS = 6
"""A user who never pauses is folded after so many delays, counted from the first event."""

# `taken`: of the locked threads one per user, and none that has changed since the statement began, because
# the runs that changed it are not visible here. `before` is read under a lock, in one order for all.
_FOLD = """
    WITH due AS (
        SELECT id, user_id, xmin AS version FROM conversations_thread
        WHERE activity_due_at <= statement_timestamp() ORDER BY activity_due_at LIMIT %s
        FOR NO KEY UPDATE SKIP LOCKED
    ), taken AS (
        SELECT DISTINCT ON (due.user_id) due.id, due.user_id
        FROM due JOIN conversations_thread seen ON seen.id = due.id AND seen.xmin = due.version
        ORDER BY due.user_id, due.id
    ), folded AS (
        UPDATE conversations_run run SET folded_at = statement_timestamp() FROM taken
        WHERE run.thread_id = taken.id AND run.folded_at IS NULL AND run.finished_at IS NOT NULL
        RETURNING run.thread_id, run.input_tokens + run.output_tokens AS tokens, run.finished_at
    ), sums AS (
        SELECT taken.id AS thread_id, taken.user_id,
            coalesce(sum(folded.tokens), 0) AS tokens,
            coalesce(max(folded.finished_at), statement_timestamp()) AS last_at
        FROM taken LEFT JOIN folded ON folded.thread_id = taken.id GROUP BY taken.id, taken.user_id
    ), counted AS (
        UPDATE conversations_thread thread
        SET token_count = thread.token_count + sums.tokens, activity_due_at = NULL, activity_since = NULL
        FROM sums WHERE thread.id = sums.thread_id
    ), before AS (
        SELECT activity.user_id, activity.thread_id, activity.thread_token_count
        FROM conversations_useractivity activity JOIN taken ON taken.user_id = activity.user_id
        ORDER BY activity.user_id FOR UPDATE OF activity
    ), written AS (
        INSERT INTO conversations_useractivity AS activity
            (user_id, thread_id, thread_token_count, last_activity_at)
        SELECT sums.user_id, sums.thread_id, sums.tokens, sums.last_at
        FROM sums LEFT JOIN before ON before.user_id = sums.user_id ORDER BY sums.user_id
        ON CONFLICT (user_id) DO UPDATE SET
            thread_id = CASE
                WHEN excluded.thread_token_count <= 0 THEN activity.thread_id
                ELSE greatest(activity.thread_id, excluded.thread_id) END,
            thread_token_count = CASE
                WHEN excluded.thread_token_count <= 0 THEN activity.thread_token_count
                WHEN activity.thread_id = excluded.thread_id
                    THEN activity.thread_token_count + excluded.thread_token_count
                WHEN activity.thread_id > excluded.thread_id THEN activity.thread_token_count
                ELSE excluded.thread_token_count END,
            last_activity_at = greatest(activity.last_activity_at, excluded.last_activity_at)
    )
    SELECT person.channel_id, sums.user_id, sums.thread_id, sums.tokens,
        before.user_id IS NOT NULL, before.thread_id, before.thread_token_count
    FROM sums JOIN conversations_whatsappuser person ON person.id = sums.user_id
    LEFT JOIN before ON before.user_id = sums.user_id
"""

log = get_logger("activity")


@dataclass(frozen=True, slots=True)
class Folded:
    """One thread's fold: the tokens it added, and what its user's row counted before, of which thread."""

    channel_id: int
    user_id: int
    thread_id: int
    tokens: int
    user_was_known: bool
    earlier_thread_id: int | None
    earlier_tokens: int | None

    @property
    def reset_reason(self) -> str:
        """Say why the user's count began anew: empty, it did not."""
        if self.tokens <= 0:
            return ""
        if not self.user_was_known:
            return "user_not_found"
        if self.earlier_thread_id is None:
            return "first"
        return "thread_changed" if self.earlier_thread_id < self.thread_id else ""


def schedule(thread_id: int | None) -> None:
    """Make a fold of the thread due after the delay, which begins anew with every event.

    Call it in the transaction that finishes a run. A run without a thread has no totals to go into.
    """
    if thread_id is None:
        return
    delay = timedelta(seconds=settings.ACTIVITY_DELAY_SECONDS)
    since = Coalesce(F("activity_since"), Now())
    Thread.objects.filter(pk=thread_id).update(
        activity_since=since, activity_due_at=Least(Now() + delay, since + LONGEST_DELAYS * delay)
    )


def due_at_once() -> Case:
    """Return the new `activity_due_at` of a thread that is being closed: now, if anything waits at all."""
    return Case(When(activity_due_at__isnull=False, then=Now()))


def fold_due(limit: int) -> int:
    """Fold the runs of at most `limit` threads whose time has come; returns how many threads it were.

    Call it outside any transaction. Raises django.db.Error, and then nothing was folded.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [limit])
        folds = [Folded(*row) for row in cursor.fetchall()]
    for fold in folds:
        _report(fold)
        if client_data.has(channel_id=fold.channel_id, user_id=fold.user_id):
            client_data.refresh(channel_id=fold.channel_id, user_id=fold.user_id)
    return len(folds)


def _report(fold: Folded) -> None:
    if fold.tokens <= 0:
        log.info("TOKEN_COUNT_SKIPPED", user_id=fold.user_id, thread_id=fold.thread_id)
    if not (reason := fold.reset_reason):
        return
    lost = fold.earlier_tokens or 0
    log.info(
        "THREAD_TOKENS_RESET",
        user_id=fold.user_id,
        thread_id=fold.thread_id,
        resetReason=reason,
        tokensLost=lost,
    )
    metrics.count("thread_tokens_reset_total", reason=reason)
    metrics.count("tokens_lost_total", lost)
