"""What needs a hand: the open alerts, and what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.dashboard.links import Links
from monitoring.dashboard.tiles import Tile, needing
from monitoring.dashboard.verdict import is_firing
from monitoring.models import Alert

ACKNOWLEDGE = "monitoring.acknowledge_alert"
_BADGES = {"critical": "down", "warning": "held"}


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An open alert. `may_acknowledge`: this reader, and nobody has yet."""

    pk: int
    title: str
    severity: str
    badge: str
    since: datetime
    is_pending: bool
    acknowledged_by: str
    silenced_until: datetime | None
    note: str
    may_acknowledge: bool
    url: str


def alert_rows(alerts: Sequence[Alert], links: Links, *, may_acknowledge: bool) -> list[AlertRow]:
    """Return what fires, the most severe first, and after it what may yet."""
    return [_row(alert, links, may_acknowledge=may_acknowledge) for alert in alerts]


def hand_tiles(waiting: Mapping[str, int], links: Links) -> list[Tile]:
    """Return what waits for a person or a worker."""
    messages = "conversations.message"
    return [
        needing(
            _("Waiting for an answer"),
            waiting["late"],
            url=links.rows("conversations.whatsappuser", turn_due_at__isnull=False),
            tone="bad",
            note=_("customers, for over a minute"),
        ),
        needing(
            _("Waiting for a person"),
            waiting["held"],
            url=links.rows(messages, direction__exact="in", state="held"),
        ),
        needing(_("Parked"), waiting["parked"], url=links.rows(messages, state="parked"), tone="bad"),
        needing(
            _("Sent, outcome unknown"),
            waiting["unknown"],
            url=links.rows(messages, state="unknown"),
            tone="bad",
        ),
    ]


def _row(alert: Alert, links: Links, *, may_acknowledge: bool) -> AlertRow:
    silenced = alert.silenced_until
    return AlertRow(
        pk=alert.pk,
        title=str(alert),
        severity=str(alert.get_severity_display()),
        badge=_BADGES.get(str(alert.severity), ""),
        since=alert.fired_at or alert.started_at,
        is_pending=not is_firing(alert),
        acknowledged_by=alert.acknowledged_by if alert.acknowledged_at else "",
        silenced_until=silenced if silenced and silenced > timezone.now() else None,
        note=alert.note,
        may_acknowledge=may_acknowledge and is_firing(alert) and alert.acknowledged_at is None,
        url=links.rows("monitoring.alert", id__exact=alert.pk),
    )
