"""The stretches of time that the dashboard can show."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Range:
    """The last `span`, drawn in steps of `step`; `short` is what its button says."""

    key: str
    short: str
    label: str | Promise
    span: timedelta
    step: timedelta


RANGES = {
    each.key: each
    for each in (
        Range("1h", "1 h", _("last hour"), timedelta(hours=1), timedelta(minutes=1)),
        Range("24h", "24 h", _("last 24 hours"), timedelta(hours=24), timedelta(hours=1)),
        Range("7d", "7 d", _("last 7 days"), timedelta(days=7), timedelta(hours=3)),
        Range("30d", "30 d", _("last 30 days"), timedelta(days=30), timedelta(days=1)),
    )
}
DEFAULT = RANGES["24h"]


def range_named(key: str | None) -> Range:
    """Return the range of that key; the default one for whatever is no key."""
    return RANGES.get(key or "", DEFAULT)
