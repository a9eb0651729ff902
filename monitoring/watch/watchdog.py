"""Seeing that the watch itself works, from every process: is Postgres there, does anybody evaluate?

What it finds cannot be told through Postgres, so it is e-mailed to ALERT_EMAILS at once, by one process.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from botsite.telemetry.logging import get_logger
from monitoring.alerts.notify.base import NotTold
from monitoring.alerts.notify.email import email_send
from monitoring.alerts.severity import Severity
from monitoring.models import Watch
from monitoring.services.rule_sync import WATCH
from monitoring.watch.marks import mark_clear, mark_set

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

AWAY_SECONDS = 30.0
SILENT_SECONDS = 60.0
REPEATED_SECONDS = 3600.0

DATABASE_DOWN = "database_down"
NOT_EVALUATED = "not_evaluated"

log = get_logger("monitor")


@dataclass(frozen=True, slots=True)
class _Words:
    event: str
    title: "StrPromise"
    text: "StrPromise"


_TEXTS = {
    DATABASE_DOWN: _Words(
        "ALERT_DATABASE_DOWN",
        gettext_lazy("PostgreSQL does not answer"),
        gettext_lazy("Nothing can be stored: webhooks are refused, and WhatsApp repeats them later."),
    ),
    NOT_EVALUATED: _Words(
        "ALERTS_NOT_EVALUATED",
        gettext_lazy("Nothing evaluates the alert rules"),
        gettext_lazy("No process does it, or the one that should hangs: until then no other alert can fire."),
    ),
}


class Watchdog:
    """What one process has seen: since when Postgres is away or there, and what it may have to end."""

    def __init__(self, *, away_seconds: float = AWAY_SECONDS, silent_seconds: float = SILENT_SECONDS) -> None:
        self._away_seconds = away_seconds
        self._silent_seconds = silent_seconds
        self._away_since: float | None = None
        self._there_since: float | None = None
        self._noticed: set[str] = set()
        # An earlier process may have told of it and ended.
        self._to_be_ended = set(_TEXTS)

    def look(self) -> None:
        """Look once; call it every few seconds. What it looks at never makes it raise."""
        now = time.monotonic()
        try:
            row = Watch.objects.filter(name=WATCH).values_list("evaluated_at", Now()).first()
        except DatabaseError:
            self._away_since, self._there_since = self._away_since or now, None
            if now - self._away_since >= self._away_seconds:
                self._wrong(DATABASE_DOWN)
            return
        self._away_since, self._there_since = None, self._there_since or now
        self._right(DATABASE_DOWN)
        if row is not None and self._is_evaluated(*row):
            self._right(NOT_EVALUATED)
        elif now - self._there_since >= self._silent_seconds:  # somebody has to be elected first
            self._wrong(NOT_EVALUATED)

    def _is_evaluated(self, evaluated_at: datetime | None, now: datetime) -> bool:
        return evaluated_at is not None and now - evaluated_at < timedelta(seconds=self._silent_seconds)

    def _wrong(self, what: str) -> None:
        if what not in self._noticed:
            self._noticed.add(what)
            log.error(_TEXTS[what].event)
        self._to_be_ended.add(what)
        if mark_set(what, seconds=REPEATED_SECONDS) and not _mail(what, is_over=False):
            mark_clear(what)  # this process or another tries again at its next look

    def _right(self, what: str) -> None:
        if what in self._noticed:
            self._noticed.discard(what)
            log.info("ALERT_OVER", operation=what)
        if what in self._to_be_ended:
            self._to_be_ended.discard(what)
            if mark_clear(what):
                _mail(what, is_over=True)


def _mail(what: str, *, is_over: bool) -> bool:
    """Tell the operators, in the site's language; without ALERT_EMAILS the log is all there is."""
    if not settings.ALERT_EMAILS:
        return True
    with translation.override(settings.LANGUAGE_CODE):
        words = _TEXTS[what]
        word = _("RESOLVED") if is_over else str(Severity.CRITICAL.label).upper()
        text = _("It is over.") if is_over else words.text
        try:
            email_send(
                settings.ALERT_EMAILS,
                f"[{word}] {words.title}",
                f"{text}\n\n{settings.SITE_URL}".strip(),
                message_id=f"{what}.{uuid.uuid4()}",
            )
        except NotTold as error:
            log.error("ALERT_NOTICE_NOT_SENT", operation=what, error=error.code)
            return False
    return True
