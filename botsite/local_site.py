"""The whole site as the processes of one machine, under a foreground parent."""

import http.client
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from botsite import embedded
from botsite.demo import ADMIN_NAME, prepare_demo
from botsite.migrating import migrate_if_needed
from botsite.supervisor import Child, MakeParent, StopRequested, Supervisor
from botsite.telemetry.host_metrics import host_metrics_forget_dead
from botsite.web import server_command

POLL_SECONDS = 0.1
SERVICES_CHECK_SECONDS = 2.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, kw_only=True)
class SiteOptions:
    """What `manage.py up` was asked for; `workers` are web processes."""

    host: str
    port: int
    workers: int
    no_worker: bool
    demo: bool


class Site:
    """The running site: its private servers, its processes and what is said about them."""

    def __init__(self, options: SiteOptions, say: Callable[[str], None]) -> None:
        self._options = options
        self._say = say
        self._supervisor = Supervisor(say)
        self._services: embedded.RunningServices | None = None
        self._parent = MakeParent()
        self._services_checked_at = 0.0

    def run(self) -> None:
        """Start everything and watch over it until StopRequested."""
        began = time.monotonic()
        self._services = embedded.ensure_running(settings.VAR_DIR)
        if migrate_if_needed():
            self._say("the database is up to date")
        call_command("create_first_channels")  # the environment may name one that it did not name before
        if self._options.demo:
            os.environ.setdefault("BUFFER_SECONDS", "1")
        host_metrics_forget_dead(settings.VAR_DIR)
        for child in self._children():
            self._supervisor.start(child)
        password = prepare_demo(settings.VAR_DIR) if self._options.demo else ""
        connections.close_all()
        while not self._is_live():
            self._watch()
        self._say(f"ready after {time.monotonic() - began:.1f} s at http://{self._address()}")
        self._explain(password)
        while True:
            self._watch()

    def stop(self) -> None:
        self._supervisor.stop()
        # What listens to the private Valkey in this process need not complain that it goes.
        logging.disable(logging.WARNING)
        if self._services is not None:
            self._services.close()

    def _watch(self) -> None:
        time.sleep(POLL_SECONDS)
        self._supervisor.check()
        if self._options.demo and self._parent.is_leaving():
            raise StopRequested
        if (
            self._services is not None
            and time.monotonic() - self._services_checked_at > SERVICES_CHECK_SECONDS
        ):
            self._services_checked_at = time.monotonic()
            try:
                self._services.ensure()
            except embedded.EmbeddedError as error:
                self._say(str(error))

    def _children(self) -> Iterator[Child]:
        celery = (sys.executable, "-m", "celery", "-A", "botsite")
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        schedule = ("--pidfile=", f"--schedule={settings.VAR_DIR / 'beat-schedule'}")
        web = server_command(host=self._options.host, port=self._options.port, workers=self._options.workers)
        yield self._child("web", *web)
        if not self._options.no_worker:
            yield self._child("worker", *celery, "worker", "--pool=threads", *quiet)
            yield self._child("beat", *celery, "beat", *schedule)

    def _child(self, name: str, *words: str) -> Child:
        return Child(name, words, settings.LOG_DIR / f"{name}.log")

    def _is_live(self) -> bool:
        connection = http.client.HTTPConnection(_reachable(self._options.host), self._options.port, timeout=2)
        try:
            connection.request("GET", "/health/live", headers={"Host": _allowed_host()})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _address(self) -> str:
        host = _reachable(self._options.host)
        return f"[{host}]:{self._options.port}" if ":" in host else f"{host}:{self._options.port}"

    def _explain(self, password: str) -> None:
        if self._options.host not in LOOPBACK:
            self._say("listening beyond this machine: production wants nginx in front (docs/production.md)")
        if self._options.demo:
            self._say(f"admin      http://{self._address()}/admin/  user {ADMIN_NAME}, password {password}")
            self._say(f"simulator  http://{self._address()}/simulator/")
            self._say(f"dashboard  http://{self._address()}/dashboard/")
        self._say(f"logs in {settings.LOG_DIR}, Ctrl-C stops")


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound


def _allowed_host() -> str:
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    return "127.0.0.1" if not names or "127.0.0.1" in names else names[0]
