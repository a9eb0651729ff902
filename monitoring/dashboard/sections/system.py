"""The processes and hosts that the site runs on, as they were last sampled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils.timesince import timesince

from monitoring.charts.units import UNKNOWN, Unit
from monitoring.dashboard.figures import Figures
from monitoring.models import ProcessKind
from monitoring.services.figures.processes import sampled_processes


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """The processes of one kind: how many, what they use together, and for how long the youngest is alive."""

    name: str
    count: str
    memory: str
    cpu: str
    uptime: str


def process_rows(figures: Figures) -> list[ProcessRow]:
    """Return the kinds of processes that were sampled, in the order of ProcessKind."""
    found = sampled_processes(figures.frame)
    return [
        ProcessRow(
            str(kind.label),
            Unit.COUNT.text(found[kind].count),
            _size(found[kind].rss_bytes),
            Unit.PERCENT.text(found[kind].cpu_percent),
            _since(found[kind].uptime_seconds, figures.window.until),
        )
        for kind in ProcessKind
        if kind in found
    ]


def _size(count: float | None) -> str:
    return UNKNOWN if count is None else filesizeformat(count)


def _since(seconds: float | None, now: datetime) -> str:
    return UNKNOWN if seconds is None else timesince(now - timedelta(seconds=seconds), now, depth=1)
