import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from botsite.embedded import EmbeddedError
from botsite.embedded.files import FileLock, private_folder, socket_folder

HOLD = """
import sys, time
from pathlib import Path
from botsite.embedded.files import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.exclusive()
print("held", flush=True)
time.sleep(60)
"""


def test_sharers_exclude_an_owner_and_the_other_way_round(tmp_path: Path) -> None:
    first, second, third = (FileLock(tmp_path / "lock") for _ in range(3))

    assert first.shared()
    assert second.shared()
    assert not third.exclusive()
    first.release()
    second.release()
    assert third.exclusive()
    assert not first.shared(wait_seconds=0.05)
    assert second.has_owner()


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        lock = FileLock(tmp_path / "lock")
        assert not lock.exclusive()
        holder.send_signal(signal.SIGKILL)

    assert lock.exclusive(wait_seconds=2)


def test_a_lock_notices_that_its_file_was_removed(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.exclusive()
    assert not lock.was_removed()

    (tmp_path / "lock").unlink()
    assert lock.was_removed()
    (tmp_path / "lock").touch()
    assert lock.was_removed()


def test_a_private_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedError, match=r"cannot create the folder .*/file/var: Not a directory"):
        private_folder(tmp_path / "file" / "var")


def test_a_planted_socket_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "elsewhere").symlink_to(private_folder(tmp_path / "mine"))

    for planted in ("open", "elsewhere"):
        with pytest.raises(EmbeddedError, match="is not a private folder"):
            socket_folder(tmp_path / planted, owner=os.geteuid())
    with pytest.raises(EmbeddedError, match="is not a private folder of uid 12345"):
        socket_folder(tmp_path / "mine", owner=12345)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give things away")
def test_what_root_makes_for_a_user_belongs_to_the_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)

    lock = FileLock(private_folder(tmp_path / "var") / "lock")
    assert lock.exclusive()

    assert (tmp_path / "var").stat().st_uid == lock.path.stat().st_uid == 12345
