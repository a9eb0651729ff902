"""Starting the watch where web and worker processes begin, and ending it where they end."""

import os
from multiprocessing.util import Finalize

from celery.signals import worker_init, worker_shutdown
from django.conf import settings
from django.db import connection

from botsite.telemetry.events import web_started
from monitoring.models import ProcessKind
from monitoring.services.heartbeats import heartbeat_end
from monitoring.watch.jobs import jobs_of
from monitoring.watch.monitor import Monitor

RESERVED_CONNECTIONS = 3
"""Of a worker's: customers' work must not keep the watch from seeing that the database is slow.

In a web process each of the eight threads holds on to one, and two are left anyhow."""


class _Watch:
    """This process's monitor, if it has one; a fork has none until it starts its own."""

    def __init__(self) -> None:
        self._monitor: Monitor | None = None
        self._pid = 0

    def start(self, kind: ProcessKind) -> None:
        if self._pid == os.getpid():
            return
        reserved = RESERVED_CONNECTIONS if kind == ProcessKind.WORKER else 0
        self._pid = os.getpid()
        self._monitor = Monitor(jobs_of(kind), reserved_connections=reserved)
        self._monitor.start()
        # Unlike atexit this also runs at the end of the processes that granian forks.
        Finalize(None, self.stop, exitpriority=1)

    def stop(self) -> None:
        if self._monitor is not None and self._pid == os.getpid():
            self._monitor.stop()
            heartbeat_end()
            connection.close()
        self._monitor = None


_watch = _Watch()


def watch_processes() -> None:
    """Start the watch in this process as soon as it turns out to be one that serves; not with WATCH=0."""
    if not settings.WATCH:
        return
    web_started.connect(_web, dispatch_uid="watch")
    # Not when it is ready, which it is only once Redis answers: it works before, and is seen to.
    worker_init.connect(_worker, dispatch_uid="watch")
    worker_shutdown.connect(_end, dispatch_uid="watch")


def _web(**_values: object) -> None:
    _watch.start(ProcessKind.WEB)


def _worker(**_values: object) -> None:
    _watch.start(ProcessKind.WORKER)


def _end(**_values: object) -> None:
    _watch.stop()
