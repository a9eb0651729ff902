"""Private files and folders, and locks that the kernel frees when their holder dies."""

import fcntl
import os
import stat
import time
from pathlib import Path

from .errors import EmbeddedError

LOCK_POLL_SECONDS = 0.02


def private_folder(folder: Path) -> Path:
    """Create `folder` (mode 0700, with its parents) unless it exists; refuse one of somebody else."""
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _give_to_owner_of_parent(folder)
        owner = folder.stat().st_uid
    except OSError as error:
        raise EmbeddedError(f"cannot create the folder {folder}: {error.strerror}") from None
    if os.geteuid() not in (0, owner):
        raise EmbeddedError(
            f"{folder} belongs to another user (uid {owner}): set VAR_DIR to a folder of yours"
        )
    return folder


def socket_folder(folder: Path, *, owner: int) -> Path:
    """Create `folder` under the shared temporary folder for `owner` (uid); refuse a planted one."""
    try:
        folder.mkdir(mode=0o700)
        if os.geteuid() != owner:
            os.chown(folder, owner, -1)
    except FileExistsError:
        pass
    except OSError as error:
        raise EmbeddedError(f"cannot create the folder {folder}: {error.strerror}") from None
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbeddedError(f"{folder} is not a private folder of uid {owner}: remove it and start again")
    return folder


def open_private(path: Path, flags: int) -> int:
    """Open or create `path` (mode 0600) and return its descriptor, which children do not inherit."""
    try:
        created = not path.exists()
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
        if created:
            _give_to_owner_of_parent(path)
    except OSError as error:
        raise EmbeddedError(f"cannot open {path}: {error.strerror}") from None
    return descriptor


def _give_to_owner_of_parent(path: Path) -> None:
    """What root creates in a folder of an ordinary user stays usable for that user."""
    if os.geteuid() == 0:
        os.chown(path, path.parent.stat().st_uid, -1)


class FileLock:
    """An advisory lock (flock) on a file of its own.

    It belongs to the open descriptor: the kernel frees it when the last process that holds the
    descriptor is gone, however that ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """The open descriptor, for a child that has to hold the lock as well."""
        if self._descriptor is None:
            self._descriptor = open_private(self.path, os.O_RDWR)
        return self._descriptor

    def shared(self, *, wait_seconds: float = 0) -> bool:
        """Take it beside other sharers; False when that was not possible in time."""
        return self._take(fcntl.LOCK_SH, wait_seconds)

    def exclusive(self, *, wait_seconds: float = 0) -> bool:
        """Take it alone; False when that was not possible in time."""
        return self._take(fcntl.LOCK_EX, wait_seconds)

    def has_owner(self) -> bool:
        """Whether somebody holds it exclusively; two who ask at once do not see each other."""
        probe = FileLock(self.path)
        try:
            return not probe.shared()
        finally:
            probe.release()

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def write(self, text: str) -> None:
        """Replace the file's content."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)

    def read(self) -> str:
        return os.pread(self.descriptor, 100, 0).decode(errors="replace")

    def was_removed(self) -> bool:
        """Whether the file is no longer the one that was opened (someone deleted the folder)."""
        try:
            return not os.path.samestat(os.fstat(self.descriptor), self.path.stat())
        except OSError:
            return True

    def _take(self, mode: int, wait_seconds: float) -> bool:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(self.descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(LOCK_POLL_SECONDS)
            else:
                return True
