"""Which log file holds what: one table, and the handler that follows it."""

import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from logging import LogRecord
from pathlib import Path
from typing import TextIO

from botsite.telemetry.shared_file import SharedFile

MEGABYTE = 1_000_000
RETRY_SECONDS = 5.0
UNHANDLED = "botsite.unhandled"  # what no code was there to catch
_BACKGROUND = ("celery", "botsite.unhandled.background", "concurrent", "asyncio")


def is_category(record: LogRecord) -> bool:
    """Whether the record is one of the site's own named events, as THREAD_LOCK_BUSY."""
    return isinstance(record.msg, dict) and str(record.msg.get("event", "")).isupper()


def _has_traceback(record: LogRecord) -> bool:
    own = record.msg.get("exc_info") if isinstance(record.msg, dict) else None
    return bool(record.exc_info or own)


def _is_background(record: LogRecord) -> bool:
    return record.name.startswith(_BACKGROUND)


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of LOG_DIR: `kept` files of `megabytes` each, the current one included."""

    name: str
    megabytes: int
    kept: int
    takes: Callable[[LogRecord], bool]


LOG_FILES = (
    LogFile("technical", 50, 5, is_category),
    LogFile("combined", 50, 5, lambda record: record.levelno >= logging.INFO),
    LogFile("error", 25, 3, lambda record: record.levelno >= logging.ERROR),
    LogFile("application", 100, 10, lambda record: True),
    LogFile("exceptions", 25, 3, lambda record: _has_traceback(record) and not _is_background(record)),
    LogFile("rejections", 25, 3, lambda record: _has_traceback(record) and _is_background(record)),
)


class LogHandler(logging.Handler):
    """Formats a record once and gives the line to the files that take it and to `stream` (stdout, stderr).

    A disk that takes nothing neither stops nor slows anybody: lines then go to standard error, and the file
    is tried again after RETRY_SECONDS.
    """

    def __init__(self, folder: Path | None, stream: str | None) -> None:
        super().__init__()
        # Those that the process began with: Celery puts loggers in the place of sys.stdout and sys.stderr.
        self._stream = {"stdout": sys.__stdout__, "stderr": sys.__stderr__, None: None}[stream]
        self._files = [(file, _shared(folder, file)) for file in LOG_FILES] if folder else []
        self._retry_at: dict[str, float] = {}

    def emit(self, record: LogRecord) -> None:
        line = self._line(record)
        written = [self._write(file, shared, line) for file, shared in self._files if file.takes(record)]
        if self._stream is not None and record.levelno >= logging.INFO:
            _say(self._stream, line)
        elif not all(written):
            _say(sys.__stderr__, line)

    def close(self) -> None:
        for _file, shared in self._files:
            shared.close()
        super().close()

    def _line(self, record: LogRecord) -> str:
        """A record that cannot be formatted is named, not shown: what spoils it may be private."""
        try:
            return self.format(record)
        except Exception as error:  # whatever a caller's arguments raise must not reach the caller
            lost = {"event": "LOG_LINE_LOST", "level": "error", "logger": record.name}
            return json.dumps(
                {**lost, "where": f"{record.filename}:{record.lineno}", "error": type(error).__name__}
            )

    def _write(self, file: LogFile, shared: SharedFile, line: str) -> bool:
        if time.monotonic() < self._retry_at.get(file.name, 0):
            return False
        try:
            shared.write(line.encode(errors="backslashreplace") + b"\n")
        except OSError:
            shared.close()
            self._retry_at[file.name] = time.monotonic() + RETRY_SECONDS
            return False
        return True


def _shared(folder: Path, file: LogFile) -> SharedFile:
    return SharedFile(folder / f"{file.name}.log", limit=file.megabytes * MEGABYTE, kept=file.kept)


def _say(stream: TextIO | None, line: str) -> None:
    try:
        if stream is not None:
            stream.write(line.encode(errors="backslashreplace").decode() + "\n")
            stream.flush()
    except (OSError, ValueError):  # nobody is there any more to read it
        return
