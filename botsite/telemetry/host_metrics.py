"""Where this host's processes keep what django-prometheus counts: one file per process and kind.

The files of a process that died stay, so that the host's sums never fall. They go when all of the site starts
anew. Counting maps them into memory: keep them where space cannot run out, in production on a tmpfs.
"""

import os
from contextlib import suppress
from pathlib import Path

from botsite.telemetry.logging import get_logger

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

log = get_logger("metrics")


def host_metrics_share(var_dir: Path) -> None:
    """Let this process count in the host's folder. Call it before anything imports prometheus_client.

    The folder is PROMETHEUS_MULTIPROC_DIR or `prometheus` in `var_dir`. Where it cannot be made this process
    counts for itself alone.
    """
    folder = Path(os.environ.setdefault(FOLDER_VARIABLE, str(var_dir / "prometheus")))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        del os.environ[FOLDER_VARIABLE]
        log.warning("HOST_METRICS_NOT_SHARED", error=type(error).__name__)


def host_metrics_forget_dead(var_dir: Path) -> int:
    """Delete what processes left behind that are no more; returns how many files. Before the site starts."""
    folder = Path(os.environ.get(FOLDER_VARIABLE) or var_dir / "prometheus")
    dead = [file for file in folder.glob("*.db") if not _is_alive(file.stem.rpartition("_")[2])]
    for file in dead:
        with suppress(FileNotFoundError):
            file.unlink()
    return len(dead)


def _is_alive(pid: str) -> bool:
    return Path("/proc", pid).exists()
