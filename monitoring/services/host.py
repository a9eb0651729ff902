"""How full this machine is: memory, by the limits of its control groups too, and disks."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from django.conf import settings

_NO_LIMIT = 2**62
"""Control groups of version 1 say it by a number near 2^63."""


def name() -> str:
    """Return what this machine, or container, is called."""
    return socket.gethostname()[:100]


def memory_percent(root: Path = Path("/")) -> float | None:
    """Return how much of the memory is in use, of the machine or the tightest limit above this process.

    What the kernel can give back at once (caches) counts as free. None: the system does not say (not Linux).
    """
    used = [percent for percent in (_of_machine(root), *_of_groups(root)) if percent is not None]
    return round(max(used), 1) if used else None


def disk_percent() -> float | None:
    """Return how much of the fullest of the disks that LOG_DIR and VAR_DIR are on is in use."""
    used = []
    for folder in (settings.LOG_DIR, settings.VAR_DIR):
        try:
            usage = shutil.disk_usage(folder)
        except OSError:  # a folder that is made at first use
            continue
        used.append(100 * usage.used / max(usage.used + usage.free, 1))
    return round(max(used), 1) if used else None


def _of_machine(root: Path) -> float | None:
    sizes = _numbers(root / "proc/meminfo")
    total, free = sizes.get("MemTotal:"), sizes.get("MemAvailable:")
    return 100 * (total - free) / total if total and free is not None else None


def _of_groups(root: Path) -> Iterator[float | None]:
    """Yield the percents of each group that the process is in and that has a limit."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _up(root / "sys/fs/cgroup", path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _up(root / "sys/fs/cgroup/memory", path, *names)


def _up(mount: Path, path: str, limit: str, usage: str, cache: str) -> Iterator[float | None]:
    """In a container the mount is the group itself, and the path, as the machine has it, leads nowhere."""
    own = PurePosixPath(path.lstrip("/"))
    for group in (own, *own.parents):
        yield _of_group(mount / group, limit, usage, cache)


def _of_group(folder: Path, limit: str, usage: str, cache: str) -> float | None:
    try:
        most, used = int((folder / limit).read_text()), int((folder / usage).read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return None
    if not 0 < most < _NO_LIMIT:
        return None
    return 100 * max(used - _numbers(folder / "memory.stat").get(cache, 0), 0) / most


def _numbers(path: Path) -> dict[str, int]:
    """Read lines of a name and a number."""
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdecimal()}
