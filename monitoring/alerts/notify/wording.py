"""Alerts in words, in the active language. No customer is ever named in an alert."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.definition import Unit, value_text
from monitoring.models import Alert, AlertState, NoticeKind, Notification


def subject(notices: Sequence[Notification]) -> str:
    """Return one line: the alert, or the worst of several and how many more there are."""
    first = headline(notices[0])
    more = len(notices) - 1
    if not more:
        return first
    text = ngettext("%(first)s, and %(count)d more", "%(first)s, and %(count)d more", more)
    return text % {"first": first, "count": more}


def headline(notice: Notification) -> str:
    """Return the severity, what it is and where: `[CRITICAL] Redis does not answer`."""
    alert = notice.alert
    word = _("RESOLVED") if is_over(alert) else str(alert.get_severity_display()).upper()
    again = (
        f" · {_('not acknowledged')}" if notice.kind == NoticeKind.ESCALATED and not is_over(alert) else ""
    )
    return f"[{word}] {alert}{again}"


def body(notices: Sequence[Notification]) -> str:
    """Return all of it as plain text."""
    return "\n\n".join("\n".join(_paragraph(notice)) for notice in notices)


def brief(notices: Sequence[Notification]) -> tuple[str, str]:
    """Return a title and details, each on one line, as templates of WhatsApp take them."""
    definition = notices[0].alert.rule.definition
    if len(notices) > 1:
        details = " · ".join(headline(notice) for notice in notices[1:])
    else:
        details = str(definition.meaning) if definition else figures(notices[0].alert)
    return _one_line(subject(notices), 200), _one_line(details, 700)


def figures(alert: Alert) -> str:
    """Return the value and the threshold, as people read them."""
    definition = alert.rule.definition
    unit = definition.unit if definition else Unit.COUNT
    if unit is Unit.STATE:
        return ""
    return _("%(value)s (threshold %(threshold)s)") % {
        "value": value_text(alert.value, unit),
        "threshold": value_text(alert.threshold, unit),
    }


def link(alert: Alert) -> str:
    """Return the address of its page; empty when SITE_URL is not set."""
    path = reverse("admin:monitoring_alert_change", args=[alert.pk])
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else ""


def is_over(alert: Alert) -> bool:
    return alert.state == AlertState.RESOLVED


def _paragraph(notice: Notification) -> list[str]:
    alert, definition = notice.alert, notice.alert.rule.definition
    lines = [headline(notice), figures(alert)]
    if definition and not is_over(alert):
        lines += [str(definition.meaning), str(definition.action)]
    return [line for line in (*lines, _times(alert), link(alert)) if line]


def _times(alert: Alert) -> str:
    fired = alert.fired_at or alert.started_at
    if alert.resolved_at:
        return _("From %(start)s to %(end)s.") % {"start": _moment(fired), "end": _moment(alert.resolved_at)}
    return _("Since %(start)s.") % {"start": _moment(fired)}


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _one_line(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
