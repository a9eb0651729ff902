"""Every process says every ten seconds that it is alive; who is silent for longer is looked for."""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

from celery.signals import worker_shutdown
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Now

from botsite.telemetry.logging import get_logger
from monitoring.models import ProcessHeartbeat, ProcessKind
from monitoring.services import host

INTERVAL_SECONDS = 10.0
SILENT_SECONDS = 20.0
"""Who has said nothing for so long is taken for dead."""
KEPT = timedelta(hours=1)

_MEASURED = ("rss_bytes", "cpu_percent", "memory_percent", "disk_percent")
_INSERT = f"""
INSERT INTO monitoring_processheartbeat (kind, host, pid, {", ".join(_MEASURED)}, started_at, seen_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, statement_timestamp() - %s * interval '1 second', statement_timestamp())
ON CONFLICT (kind, host, pid) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in (*_MEASURED, "started_at", "seen_at"))}
"""  # noqa: S608  of constants
log = get_logger("heartbeats")


class _Process:
    """This process: since when it is alive, and since when its heartbeats come through."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.host = host.name()
        self.started = time.monotonic()
        self.heard_since: float | None = None
        self.heard_last = 0.0
        self._measured = (time.monotonic(), time.process_time())

    def cpu_percent(self) -> float | None:
        """Return what it used of one core since the last call; None: too short a time to tell."""
        wall, used = time.monotonic(), time.process_time()
        seconds = wall - self._measured[0]
        if seconds < 1:
            return None
        percent = 100 * (used - self._measured[1]) / seconds
        self._measured = (wall, used)
        return round(percent, 1)

    def note(self, *, heard: bool) -> None:
        now = time.monotonic()
        if not heard or now - self.heard_last > SILENT_SECONDS:
            self.heard_since = now if heard else None
        if heard:
            self.heard_last = now


_lock = threading.Lock()
_process: _Process | None = None


def heartbeat(kind: str) -> None:
    """Say that this process, a `kind` of ProcessKind, is alive; call it every INTERVAL_SECONDS.

    It never raises: a database that is away is logged, and noted, for `heard_seconds`.
    """
    process = _this_process()
    try:
        name = (ProcessKind(kind).value, process.host, process.pid)
        measured = (rss_bytes(), process.cpu_percent(), host.memory_percent(), host.disk_percent())
        alive = time.monotonic() - process.started
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, (*name, *measured, alive))
        ProcessHeartbeat.objects.filter(seen_at__lt=Now() - KEPT).delete()
        process.note(heard=True)
    except DatabaseError as error:
        process.note(heard=False)
        log.warning("HEARTBEAT_FAILED", error=type(error).__name__, fallback="the next one")


def heartbeat_end() -> None:
    """Take this process's heartbeats away: it ends properly, and nobody has to look for it."""
    try:
        ProcessHeartbeat.objects.filter(host=_this_process().host, pid=os.getpid()).delete()
    except DatabaseError as error:
        log.warning("HEARTBEAT_FAILED", error=type(error).__name__, fallback="the row stays for an hour")


def end_with_worker() -> None:
    """Let a worker that ends properly take its heartbeats away."""
    worker_shutdown.connect(_worker_ends, dispatch_uid="heartbeats")


def _worker_ends(**_kwargs: object) -> None:
    heartbeat_end()


def heard_seconds() -> float:
    """Return for how long this process's own heartbeats have come through without a gap; 0: they do not.

    Only who has been heard for long enough can blame the others for their silence.
    """
    process = _this_process()
    now = time.monotonic()
    if process.heard_since is None or now - process.heard_last > SILENT_SECONDS:
        return 0.0
    return now - process.heard_since


def rss_bytes() -> int | None:
    """Return the memory that this process holds; None: the system does not say (not Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _this_process() -> _Process:
    global _process
    with _lock:
        if _process is None or _process.pid != os.getpid():  # a fork is another process
            _process = _Process()
        return _process
