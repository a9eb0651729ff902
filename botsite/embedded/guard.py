"""The guard: a small process that owns one private server for as long as anybody uses it.

Users hold a shared lock while they live. The guard keeps trying for it alone; when it succeeds, nobody is
left, and it stops the server. Kernel locks cannot be forgotten, so no way to die leaves a server behind.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO, TextIO

from .addresses import socket_path
from .errors import EmbeddedError
from .files import FileLock, open_private, private_folder
from .privileges import server_identity
from .processes import dies_with_parent
from .servers import SERVER_ENVIRONMENT, Postgres, Server, Valkey, last_lines

SERVERS: dict[str, type[Postgres | Valkey]] = {"postgres": Postgres, "valkey": Valkey}
READY = "ready"
STOP_SIGNAL = signal.SIGINT  # PostgreSQL's fast shutdown; Valkey takes it like SIGTERM
POLL_SECONDS = 0.2
READY_SECONDS = 60.0
STOP_SECONDS = 8.0
RESTART_SECONDS = 1.0
LARGEST_LOG_BYTES = 1_000_000


@dataclass(frozen=True)
class Locks:
    """The lock files of one server. `starting`: one start at a time. `users`: shared by who uses it.

    `guard`: held by the guard. `server`: held by the server's own processes too, and names its process id.
    """

    starting: FileLock
    users: FileLock
    guard: FileLock
    server: FileLock


def locks_of(var_dir: Path, name: str) -> Locks:
    folder = private_folder(var_dir / "locks")
    kinds = ("starting", "users", "guard", "server")
    return Locks(*(FileLock(folder / f"{name}.{kind}") for kind in kinds))


class Guard:
    """Starts `server`, keeps it alive, and stops it when its last user is gone."""

    def __init__(self, server: Server, locks: Locks, log: BinaryIO) -> None:
        self._server = server
        self._locks = locks
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when the server answers; raises EmbeddedError with the end of its log."""
        self._remove_predecessor()
        self._server.prepare()
        log_start = self._log.seek(0, os.SEEK_END)
        self._launch()
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._has_ended() or time.monotonic() > deadline:
                self._log.seek(log_start)
                said = last_lines(self._log.read().decode(errors="replace"))
                raise EmbeddedError(
                    f"the private {self._server.name} did not start: {said or 'it said nothing'}"
                )
            time.sleep(0.02)

    def watch(self) -> None:
        """Return when nobody uses the server any more, or its folder was deleted."""
        while not self._locks.users.exclusive() and not self._locks.server.was_removed():
            if self._has_ended():
                say(f"{self._server.name} ended unexpectedly: starting it again")
                time.sleep(RESTART_SECONDS)
                self._launch()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        for sent, seconds in ((STOP_SIGNAL, STOP_SECONDS), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
            process.send_signal(sent)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return

    def _launch(self) -> None:
        self._process = subprocess.Popen(
            self._server.command(),
            env=SERVER_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[self._locks.server.descriptor],
            preexec_fn=dies_with_parent(STOP_SIGNAL),
        )
        self._locks.server.write(str(self._process.pid))

    def _is_ready(self) -> bool:
        return self._process is not None and self._server.is_ready(self._process.pid)

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _remove_predecessor(self) -> None:
        """End a server whose guard was killed, and wait until nothing uses the data or the socket."""
        lock = self._locks.server
        for sent in (STOP_SIGNAL, signal.SIGKILL):
            if lock.exclusive():
                break
            self._signal_predecessor(sent)
            lock.exclusive(wait_seconds=STOP_SECONDS)
        if not lock.exclusive():
            raise EmbeddedError(
                f"a {self._server.name} that cannot be stopped uses {lock.path.parent.parent}"
            )
        deadline = time.monotonic() + STOP_SECONDS
        while _answers(self._server.socket):  # the server of a folder that was deleted is still stopping
            if time.monotonic() > deadline:
                raise EmbeddedError(f"another server listens at {self._server.socket}")
            time.sleep(POLL_SECONDS)

    def _signal_predecessor(self, sent: signal.Signals) -> None:
        pid = self._locks.server.read()
        if pid.isdigit() and str(self._server.socket.parent) in _command_line(pid):
            with suppress(ProcessLookupError):
                os.kill(int(pid), sent)


def _command_line(pid: str) -> str:
    try:
        return Path("/proc", pid, "cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        return connection.connect_ex(str(path)) == 0


def say(text: str) -> None:
    """A line of the guard's own in the server's log."""
    sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())} guard: {text}\n")
    sys.stdout.flush()


def open_log(path: Path) -> BinaryIO:
    """The log of the server and its guard, for appending; a large one is put aside first."""
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.old"))
    return open(open_private(path, os.O_RDWR | os.O_APPEND), "a+b")


def main(name: str, program: str, folder: str) -> None:
    """Start the server `name` in the background; return when it answers, else exit with one line."""
    receiving, sending = os.pipe()
    if os.fork():
        os.close(sending)
        with open(receiving) as answer:
            said = answer.read()
        sys.exit(0 if said == READY else said or f"the guard of the private {name} ended at its start")
    os.close(receiving)
    os.setsid()
    os.chdir("/")
    with open(sending, "w") as answer:
        _guard(name, Path(program), Path(folder), answer)


def _guard(name: str, program: Path, var_dir: Path, answer: TextIO) -> None:
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, _end)
    locks = locks_of(var_dir, name)
    log = open_log(var_dir / f"{name}.log")
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    guard: Guard | None = None
    try:
        if not locks.guard.exclusive(wait_seconds=STOP_SECONDS):
            raise EmbeddedError(f"another guard of the private {name} is running")
        guard = Guard(SERVERS[name](program, var_dir, server_identity(var_dir)), locks, log)
        guard.start()
        answer.write(READY)
        answer.close()
        say(f"{name} answers at {socket_path(var_dir)}")
        guard.watch()
        say(f"{name} stops: nobody uses it")
    except EmbeddedError as error:
        answer.write(str(error))
    finally:
        if guard is not None:
            guard.stop()
        # Before the users' lock, which ends with the process: who waits for that one has to see no guard.
        locks.guard.release()


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0)
