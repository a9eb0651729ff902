"""Rules in words, in the active language."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from monitoring.alerts.definition import Compare, Unit, value_text
from monitoring.models import AlertRule

_COMPARED = {Compare.ABOVE: ">", Compare.AT_LEAST: "≥", Compare.BELOW: "<"}


def condition_text(rule: AlertRule) -> str:
    """Return when it fires: `> 10.0 % · over 5 min · from 20 samples · for 2 min`."""
    definition = rule.definition
    if definition is None:
        return ""
    parts = []
    if definition.unit is not Unit.STATE:
        parts.append(f"{_COMPARED[definition.compare]} {value_text(rule.threshold, definition.unit)}")
    if rule.window:
        parts.append(_("over %(time)s") % {"time": _duration(rule.window)})
    if rule.minimum:
        text = ngettext("from %(count)d sample", "from %(count)d samples", rule.minimum)
        parts.append(text % {"count": rule.minimum})
    if rule.hold:
        parts.append(pgettext("condition", "for %(time)s") % {"time": _duration(rule.hold)})
    return " · ".join(parts) or _("at once")


def shipped_text(rule: AlertRule) -> str:
    """Return the same as it was shipped, with its severity."""
    shipped = AlertRule(slug=rule.slug)
    return f"{condition_text(shipped)} · {shipped.severity.label}"


def _duration(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 60 or seconds % 60 else f"{seconds // 60} min"
