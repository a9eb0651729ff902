"""A log file that several processes append to and rotate by size, without losing or tearing a line."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SharedFile:
    """Appends whole lines to `path`; at `limit` bytes it becomes `path.1`, and so on to `kept` files in all.

    A line is one write to a file opened for appending, which the kernel keeps apart from those of others, so
    nobody waits for anybody. Who still holds the file that another process has just renamed writes into
    `path.1`: nothing is lost. Only the renaming itself is locked, and never waited for. Not for threads
    without a lock of their own (logging.Handler has one), nor for network file systems.
    """

    def __init__(self, path: Path, *, limit: int, kept: int) -> None:
        self.path = path
        self._limit, self._kept = limit, kept
        self._file: int | None = None
        self._is_torn = False

    def write(self, line: bytes) -> None:
        """Append `line`, which ends in a newline. Raises OSError when the disk does not take it."""
        status = self._append(line)
        if status.st_nlink == 0:  # it was rotated out of existence between our look and our write
            status = self._append(line)
        if status.st_size >= self._limit:
            self._rotate()

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, line: bytes) -> os.stat_result:
        file = self._current()
        data = b"\n" + line if self._is_torn else line
        written = os.write(file, data)
        self._is_torn = written < len(data)
        if self._is_torn:
            raise OSError("the disk took only a part of the line")
        return os.fstat(file)

    def _current(self) -> int:
        """Return the descriptor of what is called `path` now: another process may have rotated it."""
        if self._file is not None and not self._is_named(self._file):
            self.close()
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        return self._file

    def _is_named(self, file: int) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(file))
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        with self._only_one() as is_mine:
            if is_mine and self._file is not None and self._is_named(self._file):
                for number in range(self._kept - 1, 0, -1):
                    self._shift(number)
                self.close()

    def _shift(self, number: int) -> None:
        source = numbered(self.path, number - 1)
        if source.exists():
            source.replace(numbered(self.path, number))

    @contextmanager
    def _only_one(self) -> Iterator[bool]:
        """Whether this process is the one to rotate; the others go on writing and look again."""
        lock = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(lock)


def numbered(path: Path, number: int) -> Path:
    """Return the name of the file that was rotated `number` times; 0 is the current one."""
    return path.with_name(f"{path.name}.{number}") if number else path
