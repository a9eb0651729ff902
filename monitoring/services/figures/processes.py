"""What the living processes need: by their heartbeats, so of all hosts, or as last sampled from them."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Max, QuerySet, Sum
from django.db.models.functions import Now

from monitoring.models import ProcessHeartbeat, ProcessKind
from monitoring.services.frame import Frame
from monitoring.services.heartbeats import SILENT_SECONDS


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """The processes of one kind together; None: no heartbeat says.

    `cpu_percent` is of one core, `uptime_seconds` that of the youngest.
    """

    count: int
    rss_bytes: float | None = None
    cpu_percent: float | None = None
    uptime_seconds: float | None = None


def process_figures() -> dict[str, ProcessFigures]:
    """Return what is known of each kind of ProcessKind, in one query."""
    rows = (
        _alive()
        .values("kind")
        .annotate(
            count=Count("pk"), rss=Sum("rss_bytes"), cpu=Sum("cpu_percent"), age=Now() - Max("started_at")
        )
    )
    found = {
        row["kind"]: ProcessFigures(row["count"], row["rss"], row["cpu"], row["age"].total_seconds())
        for row in rows
    }
    return {kind: found.get(kind, ProcessFigures(0)) for kind in ProcessKind.values}


def memory_of_hosts() -> dict[str, float | None]:
    """Return how full, in percent, the memory of each host is that has a living process."""
    rows = _alive().order_by().values_list("host").annotate(Max("memory_percent"))
    return dict(rows)


def sampled_processes(frame: Frame) -> dict[str, ProcessFigures]:
    """Return the same as it was sampled last, at the frame's end; what was not sampled is left out."""
    memory, cpu, uptime = (
        frame.gauges_by(name, "kind")
        for name in ("process_memory_bytes", "process_cpu_percent", "process_uptime_seconds")
    )
    return {
        kind: ProcessFigures(int(count), memory.get(kind), cpu.get(kind), uptime.get(kind))
        for kind, count in frame.gauges_by("processes", "kind").items()
    }


def fullest_memory(frame: Frame) -> tuple[str, float] | None:
    """Return the host whose memory was the fullest when it was last sampled, and how full, in percent."""
    hosts = frame.gauges_by("host_memory_percent", "host")
    return max(hosts.items(), key=lambda host: host[1], default=None)


def _alive() -> QuerySet[ProcessHeartbeat]:
    return ProcessHeartbeat.objects.filter(seen_at__gt=Now() - timedelta(seconds=SILENT_SECONDS))
