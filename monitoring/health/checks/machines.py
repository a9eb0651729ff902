"""Memory and disks of all machines that a process of ours is alive on. Each look raises django.db.Error."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _

from monitoring.health.findings import Finding
from monitoring.models import ProcessHeartbeat, Status
from monitoring.services import host
from monitoring.services.heartbeats import SILENT_SECONDS


def look_at_memory() -> Finding:
    """The machine (or container) with the least memory left."""
    worst = _worst("memory_percent", host.memory_percent())
    detail = _("%(percent)s %% of the memory of %(host)s is in use")
    return _judged(worst, detail, settings.MEMORY_WARN_PERCENT, settings.MEMORY_CRITICAL_PERCENT)


def look_at_disk() -> Finding:
    """The machine with the fullest disk under LOG_DIR or VAR_DIR."""
    worst = _worst("disk_percent", host.disk_percent())
    detail = _("%(percent)s %% of a disk of %(host)s is in use")
    return _judged(worst, detail, settings.DISK_WARN_PERCENT, settings.DISK_CRITICAL_PERCENT)


def _worst(field: str, here: float | None) -> tuple[str, float] | None:
    alive = ProcessHeartbeat.objects.filter(seen_at__gt=Now() - timedelta(seconds=SILENT_SECONDS))
    elsewhere = alive.filter(**{f"{field}__isnull": False}).exclude(host=host.name())
    found = list(elsewhere.values_list("host", field))
    if here is not None:
        found.append((host.name(), here))
    return max(found, key=lambda each: each[1]) if found else None


def _judged(worst: tuple[str, float] | None, detail: str, warn: float, critical: float) -> Finding:
    if worst is None:
        return Finding(Status.UNKNOWN, _("the system does not say"))
    name, percent = worst
    status = Status.DOWN if percent >= critical else Status.DEGRADED if percent >= warn else Status.UP
    return Finding(status, detail, {"percent": percent, "host": name}, {"percent": percent})
