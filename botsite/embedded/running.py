"""Using the private servers: started when needed, shared by all who use them, stopped after the last."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .addresses import folder_owner, socket_path
from .errors import EmbeddedError
from .files import private_folder, socket_folder
from .guard import POLL_SECONDS, STOP_SECONDS, Locks, locks_of
from .servers import INITIALISED_FOLDER
from .wheels import postgres_program, valkey_program

PROGRAMS: dict[str, Callable[[], Path]] = {"postgres": postgres_program, "valkey": valkey_program}
VARIABLES = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
START_SECONDS = 180.0  # a first start writes 40 MB, which a slow disk may take minutes for

# The guard's own interpreter sees the standard library alone: it is there in a tenth of a second.
GUARD_CODE = (
    "import sys; sys.path.append(sys.argv.pop(1)); from embedded.guard import main; main(*sys.argv[1:])"
)


def is_permitted(var_dir: Path) -> bool:
    """Whether a missing address means the private servers: on request, or where they already have data."""
    return os.environ.get("BOTSITE_LOCAL") == "1" or (var_dir / INITIALISED_FOLDER).exists()


def missing_services(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The names of the servers for which no address is configured."""
    return tuple(name for name, variable in VARIABLES.items() if not environ.get(variable))


class RunningServices:
    """Keeps the servers that it names alive until it is closed or this process ends."""

    def __init__(self, var_dir: Path, names: tuple[str, ...]) -> None:
        self._var_dir = var_dir
        self._locks = {name: locks_of(var_dir, name) for name in names}

    def ensure(self) -> None:
        """Start what is not running; cheap when all is well. Raises EmbeddedError."""
        try:
            starts = {name: self._begin(name, locks) for name, locks in self._locks.items()}
            for name, process in starts.items():
                if process is not None:
                    _await_start(name, process)
        finally:
            for locks in self._locks.values():
                locks.starting.release()

    def close(self) -> None:
        """Stop using the servers; return when those that nobody else uses have stopped."""
        for locks in self._locks.values():
            locks.users.release()
        deadline = time.monotonic() + STOP_SECONDS
        for locks in self._locks.values():
            while locks.guard.has_owner() and not _has_users(locks) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS / 4)

    def _begin(self, name: str, locks: Locks) -> "subprocess.Popen[str] | None":
        if not locks.users.shared(wait_seconds=START_SECONDS):
            raise EmbeddedError(f"the private {name} has been stopping for {START_SECONDS:.0f} s")
        if not locks.starting.exclusive(wait_seconds=START_SECONDS):
            raise EmbeddedError(
                f"another start of the private {name} has not ended for {START_SECONDS:.0f} s"
            )
        if locks.guard.has_owner():
            return None
        words = [str(Path(__file__).resolve().parent.parent), name, str(PROGRAMS[name]()), str(self._var_dir)]
        return subprocess.Popen(
            [sys.executable, "-E", "-S", "-c", GUARD_CODE, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )


def ensure_running(var_dir: Path, names: tuple[str, ...] | None = None) -> RunningServices:
    """Start the private servers `names` of `var_dir` unless they run; by default those without an address.

    Keep the returned handle: the servers stop a moment after the last process that has one is gone.
    Raises EmbeddedError with one line that tells why a server is not there.
    """
    folder = private_folder(Path(os.path.realpath(var_dir)))
    socket_folder(socket_path(folder), owner=folder_owner(folder))
    services = RunningServices(folder, missing_services() if names is None else names)
    services.ensure()
    return services


def _await_start(name: str, process: "subprocess.Popen[str]") -> None:
    try:
        _, said = process.communicate(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise EmbeddedError(f"the private {name} did not start within {START_SECONDS:.0f} s") from None
    if process.returncode:
        raise EmbeddedError(said.strip() or f"the private {name} did not start (code {process.returncode})")


def _has_users(locks: Locks) -> bool:
    """Whether others share the users' lock; False while the guard holds it to stop the server."""
    if locks.users.exclusive():
        locks.users.release()
        return False
    beside_others = locks.users.shared()
    locks.users.release()
    return beside_others
