"""Workers and beat, by what they last said of themselves."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _

from monitoring.health.findings import Finding
from monitoring.models import ProcessHeartbeat, ProcessKind, Status
from monitoring.services.heartbeats import SILENT_SECONDS, heard_seconds

BEAT_SILENT_SECONDS = 45.0
"""Beat speaks between its tasks, at the latest after CELERY_BEAT_MAX_LOOP_INTERVAL."""


def look_at_workers() -> Finding:
    """Whether somebody answers customers. Raises django.db.Error."""
    return _look(ProcessKind.WORKER, SILENT_SECONDS)


def look_at_beat() -> Finding:
    """Whether somebody starts the housekeeping. Raises django.db.Error."""
    return _look(ProcessKind.BEAT, BEAT_SILENT_SECONDS)


def _look(kind: ProcessKind, silent_after: float) -> Finding:
    rows = list(ProcessHeartbeat.objects.filter(kind=kind).annotate(now=Now()))
    ages = {row: (row.now - row.seen_at).total_seconds() for row in rows}
    alive = [row for row in rows if ages[row] <= silent_after]
    lost = _lost([row.seen_at for row in rows if row not in alive], [row.started_at for row in alive])
    figures = {
        "alive": float(len(alive)),
        "lost": float(lost),
        "rss_mb": round(sum(row.rss_bytes or 0 for row in alive) / 2**20, 1),
    }
    if not alive:
        return _nobody(min(ages.values(), default=None), silent_after, figures)
    if lost:
        detail = _("%(lost)s went silent, %(alive)s left")
        return Finding(Status.DEGRADED, detail, {"lost": lost, "alive": len(alive)}, figures)
    return Finding(Status.UP, figures=figures)


def _nobody(silence: float | None, silent_after: float, figures: Mapping[str, float]) -> Finding:
    """Judge that nobody is alive; `silence`: for how many seconds the last one has been silent."""
    if heard_seconds() < silent_after:
        return Finding(Status.UNKNOWN, _("not watched for long enough yet"), figures=figures)
    if silence is None:
        return Finding(Status.DOWN, _("none has been seen"), figures=figures)
    seconds = round(silence)
    return Finding(Status.DOWN, _("nothing was heard for %(seconds)s s"), {"seconds": seconds}, figures)


def _lost(last_seen: Sequence[datetime], started: Sequence[datetime]) -> int:
    """Count who went silent without another one having been started since."""
    replacements = sorted(started)
    lost = 0
    for moment in sorted(last_seen):
        later = next((each for each in replacements if each > moment), None)
        if later is None:
            lost += 1
        else:
            replacements.remove(later)
    return lost
