"""Reading the JSON lines of a log file and of its rotated ones, from the newest backwards or as they come."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from botsite.telemetry.redact import mask_phone
from botsite.telemetry.shared_file import numbered

LEVELS = ("debug", "info", "warning", "error", "critical")
BLOCK = 65_536
POLL_SECONDS = 0.3
_DISORDER = timedelta(seconds=60)  # how far processes that write at once may be out of order
_MOST_ROTATED = 100

Line = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines are asked for; what is None or empty does not matter."""

    category: str = ""
    user: str = ""
    since: datetime | None = None
    level: str = "debug"

    def takes(self, line: Line) -> bool:
        return (
            (not self.category or line.get("event") == self.category)
            and (not self.user or self._is_about_user(line))
            and _rank(line.get("level")) >= _rank(self.level)
            and (self.since is None or self._is_since(line, self.since))
        )

    def ends_before(self, line: Line) -> bool:
        """Whether nothing before this line can be young enough."""
        return self.since is not None and not self._is_since(line, self.since - _DISORDER)

    def _is_about_user(self, line: Line) -> bool:
        names = {self.user, mask_phone(self.user)} if len(self.user) > 6 else {self.user}
        return str(line.get("user_id")) in names or str(line.get("user")) in names

    def _is_since(self, line: Line, since: datetime) -> bool:
        """A line without a readable time is never the reason to stop."""
        try:
            return datetime.fromisoformat(str(line.get("timestamp"))) >= since
        except (ValueError, TypeError):
            return True


def latest(path: Path, wanted: Wanted, *, limit: int) -> list[Line]:
    """Return the last `limit` wanted lines of `path` and what was rotated from it, the oldest first."""
    found: list[Line] = []
    for line in _backwards(path):
        if len(found) == limit or wanted.ends_before(line):
            break
        if wanted.takes(line):
            found.append(line)
    return found[::-1]


def follow(path: Path, wanted: Wanted) -> Iterator[Line]:
    """Yield the wanted lines that are written from now on, for ever, across rotations."""
    position = path.stat().st_size if path.exists() else 0
    identity = _identity(path)
    rest = b""
    while True:
        source = path if _identity(path) == identity else numbered(path, 1)
        was_rotated = source is not path
        data = _read_from(source, position) if not was_rotated or _identity(source) == identity else b""
        position += len(data)
        *whole, rest = (rest + data).split(b"\n")
        yield from (line for raw in whole if (line := parse(raw)) and wanted.takes(line))
        if was_rotated:
            identity, position = _identity(path), 0
        elif not data:
            time.sleep(POLL_SECONDS)


def parse(raw: bytes) -> Line | None:
    """Return the line's object; None for what a crash or a full disk tore."""
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _backwards(path: Path) -> Iterator[Line]:
    """Yield the lines from the last. A file that is rotated meanwhile may be read twice, never left out."""
    for number in range(_MOST_ROTATED):
        try:
            with numbered(path, number).open("rb") as file:
                yield from (line for raw in _raw_backwards(file.fileno()) if (line := parse(raw)))
        except FileNotFoundError:
            if number:
                return


def _raw_backwards(file: int) -> Iterator[bytes]:
    position = os.fstat(file).st_size
    rest = b""
    while position > 0:
        size = min(BLOCK, position)
        position -= size
        rest, *whole = (os.pread(file, size, position) + rest).split(b"\n")
        yield from reversed(whole)
    yield rest


def _read_from(path: Path, position: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _rank(level: object) -> int:
    return LEVELS.index(level) if isinstance(level, str) and level in LEVELS else len(LEVELS)
