"""Log files that several processes write and rotate."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from botsite.telemetry.shared_file import SharedFile, numbered

WRITERS, LINES = 4, 5000


def rotated(path: Path) -> list[Path]:
    return [file for number in range(200) if (file := numbered(path, number)).exists()]


def test_four_processes_lose_and_tear_no_line_around_rotations(tmp_path: Path) -> None:
    path = tmp_path / "combined.log"
    command = [sys.executable, "-m", "tests.botsite.telemetry.write_lines"]
    writers = [
        subprocess.Popen([*command, f"w{number}", str(LINES), str(path), "100000", "200"])
        for number in range(WRITERS)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * WRITERS

    files = rotated(path)
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert len(files) > 20
    assert len(lines) == WRITERS * LINES
    assert len(set(lines)) == len(lines)
    assert all(line.startswith("w") and line.endswith(":end") for line in lines)


def test_only_so_many_files_are_kept_and_the_newest_is_the_current(tmp_path: Path) -> None:
    shared = SharedFile(tmp_path / "a.log", limit=10, kept=3)
    for number in range(5):
        shared.write(b"line %d and more\n" % number)
    shared.write(b"short\n")

    assert [file.read_text() for file in rotated(tmp_path / "a.log")] == [
        "short\n",
        "line 4 and more\n",
        "line 3 and more\n",
    ]


def test_a_file_that_was_moved_or_deleted_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    shared = SharedFile(path, limit=1000, kept=2)
    shared.write(b"one\n")
    path.rename(tmp_path / "moved")
    shared.write(b"two\n")
    path.unlink()
    shared.write(b"three\n")

    assert (tmp_path / "moved").read_text() == "one\n"
    assert path.read_text() == "three\n"


def test_who_rotates_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with (tmp_path / ".a.log.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shared = SharedFile(path, limit=5, kept=2)
        shared.write(b"longer than the limit\n")
        shared.write(b"and more\n")
    assert path.read_text() == "longer than the limit\nand more\n"

    shared.write(b"now\n")
    assert numbered(path, 1).read_text().endswith("now\n")


def test_a_full_disk_is_an_error_to_the_handler(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space"):
        SharedFile(path, limit=1000, kept=2).write(b"line\n")
