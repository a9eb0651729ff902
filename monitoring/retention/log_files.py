"""Rotated log files that nobody writes to any more."""

import time
from pathlib import Path

DAY_SECONDS = 86_400


def old_log_files(folder: Path, *, days: float) -> list[Path]:
    """Return the rotated files (`<name>.log.<n>`) that were last written more than `days` ago."""
    before = time.time() - days * DAY_SECONDS
    files = (path for path in folder.glob("*.log.*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in files if path.stat().st_mtime < before)
