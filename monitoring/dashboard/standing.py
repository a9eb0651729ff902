"""How things stand at this moment: read anew for every look, for it is what a manager acts on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from monitoring.dashboard.stored import waiting_counts
from monitoring.models import Alert
from monitoring.services.alert_list import open_alerts
from monitoring.services.health_states import CheckState, states


@dataclass(frozen=True, slots=True)
class Standing:
    """The checks, the open alerts, and counts of what waits by name (see stored.py)."""

    checks: Sequence[CheckState]
    alerts: Sequence[Alert]
    waiting: Mapping[str, int]

    def digest(self) -> str:
        """Return a name for what of this is shown; a check's latency changes always and is not in it."""
        checks = [(c.name, c.status, c.since, c.is_stale, c.detail) for c in self.checks]
        alerts = [
            (a.pk, a.state, a.severity, a.value, a.acknowledged_at, a.silenced_until, a.note)
            for a in self.alerts
        ]
        return sha256(repr((checks, alerts, sorted(self.waiting.items()))).encode()).hexdigest()


def standing() -> Standing:
    """Read it, in three queries."""
    return Standing(states(), open_alerts(include_pending=True), waiting_counts())
