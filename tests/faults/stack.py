"""The product's real processes, started as an operator does: web, workers and beat."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from cryptography.fernet import Fernet

from botsite.web import server_command
from tests.faults.client import PHONE_NUMBER_ID, SECRET
from tests.faults.processes import Process
from tests.faults.stores import free_port

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
WORKER_IS_UP = "BOT_INITIALIZED"  # the sweeper's first log event
_CELERY = (sys.executable, "-m", "celery", "-A", "botsite")
_QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


class StackError(Exception):
    """The product did not come up; the text says where to look."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the product finds its neighbours."""

    database: str
    redis: str
    model: str
    graph: str


class Stack:
    """Web, `workers` workers and beat of the checkout `tree`, with everything they write under `folder`.

    `web_workers` is how many processes the web server has.
    """

    def __init__(
        self,
        tree: Path,
        folder: Path,
        addresses: Addresses,
        *,
        workers: int,
        environment: Mapping[str, str],
        web_workers: int = 1,
    ) -> None:
        self._tree, self._folder = tree, folder
        self._environment = {**_environment(tree, folder, addresses), **environment}
        self._graph = addresses.graph
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhook/shop"
        web = server_command(host="127.0.0.1", port=self.port, workers=web_workers)
        self.web = self._process("web", *web)
        pool = ("worker", "-P", "threads")
        self.workers = [
            self._process(f"worker{number}", *_CELERY, *pool, *_QUIET, "-n", f"w{number}@localhost")
            for number in range(1, workers + 1)
        ]
        schedule = folder / "beat-schedule"
        self.beat = self._process("beat", *_CELERY, "beat", "--pidfile=", f"--schedule={schedule}")

    @property
    def processes(self) -> list[Process]:
        return [self.web, *self.workers, self.beat]

    def start(self) -> None:
        """Migrate, make the channel and start everything; returns when web and workers are up."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("create_channel", *_channel_options(self._graph))
        for process in self.processes:
            process.start()
        self._wait_until_up()

    def supervise(self) -> None:
        for process in self.processes:
            process.supervise()

    def close(self) -> None:
        for process in self.processes:
            process.close()

    def _process(self, name: str, *words: str) -> Process:
        return Process(name, words, self._environment, self._tree, self._folder / f"{name}.log")

    def manage(self, *words: str, **environment: str) -> str:
        """Run a command of manage.py on the stack's stores; returns what it printed."""
        ended = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self._tree,
            env={**self._environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise StackError(f"manage.py {words[0]} failed: {ended.stderr[-2000:]}")
        return ended.stdout

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self._is_live() and all(_is_up(worker) for worker in self.workers)):
            if time.monotonic() > deadline:
                raise StackError(f"the site did not come up, see {self._folder}")
            self.supervise()
            time.sleep(0.1)

    def _is_live(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/health/live", timeout=2).status_code == 200
        except httpx2.TransportError:
            return False


def _is_up(worker: Process) -> bool:
    return WORKER_IS_UP in worker.log.read_text(errors="replace")


@contextmanager
def running(stack: Stack) -> Iterator[Stack]:
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


def _environment(tree: Path, folder: Path, addresses: Addresses) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **inherited,
        "PYTHONPATH": str(tree),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DATABASE_URL": addresses.database,
        "REDIS_URL": addresses.redis,
        "OPENAI_API_KEY": "replaced for every process",
        "OPENAI_BASE_URL": addresses.model,
        "SECRET_KEY": "only-for-this-run",
        "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "0",
        "LOG_DIR": str(folder / "logs"),
        "VAR_DIR": str(folder / "var"),
        "BUFFER_SECONDS": "1",
    }


def _channel_options(graph: str) -> Iterator[str]:
    options = {
        "slug": "shop",
        "kind": "cloud_api",
        "phone-number-id": PHONE_NUMBER_ID,
        "app-secret": SECRET,
        "access-token": "graph-token",
        "base-url": graph,
    }
    for name, value in options.items():
        yield from (f"--{name}", value)
