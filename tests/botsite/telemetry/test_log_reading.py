"""Finding log lines again: `manage.py logs`."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from botsite.telemetry.log_reading import Line, Wanted, follow, latest
from botsite.telemetry.shared_file import SharedFile, numbered
from tests.processes import wait_until

NOW = datetime.now(UTC)


def line(event: str, *, minutes: float = 0, level: str = "info", **facts: object) -> bytes:
    at = (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    return json.dumps({"event": event, "level": level, "timestamp": at, **facts}).encode() + b"\n"


def events(lines: list[Line]) -> list[object]:
    return [found["event"] for found in lines]


@pytest.fixture
def path(tmp_path: Path, settings: Settings) -> Path:
    settings.LOG_DIR = tmp_path
    path = tmp_path / "combined.log"
    numbered(path, 2).write_bytes(line("OLDEST", minutes=90) + line("OLD", minutes=80, user_id=7))
    numbered(path, 1).write_bytes(line("MIDDLE", minutes=20, level="error", user="57********51"))
    path.write_bytes(line("TORN")[:30] + b"\n" + line("NEW", minutes=1, user_id=7) + b"[]\n" + line("NEWEST"))
    return path


def test_lines_come_in_order_over_rotated_files_and_torn_ones_are_left_out(path: Path) -> None:
    assert events(latest(path, Wanted(), limit=99)) == ["OLDEST", "OLD", "MIDDLE", "NEW", "NEWEST"]
    assert events(latest(path, Wanted(), limit=2)) == ["NEW", "NEWEST"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(category="MIDDLE"), ["MIDDLE"]),
        (Wanted(user="7"), ["OLD", "NEW"]),
        (Wanted(user="573003913251"), ["MIDDLE"]),
        (Wanted(level="warning"), ["MIDDLE"]),
        (Wanted(since=NOW - timedelta(minutes=30)), ["MIDDLE", "NEW", "NEWEST"]),
        (Wanted(since=NOW - timedelta(minutes=85), user="7", level="info"), ["OLD", "NEW"]),
    ],
)
def test_they_are_chosen_by_category_user_time_and_level(
    path: Path, wanted: Wanted, found: list[str]
) -> None:
    assert events(latest(path, wanted, limit=99)) == found


def test_lines_longer_than_a_block_are_read_whole(path: Path) -> None:
    path.write_bytes(b"".join(line(f"E{number}", filler="é" * 40_000) for number in range(4)))
    path.write_bytes(path.read_bytes() + line("LAST"))

    assert events(latest(path, Wanted(), limit=5)) == ["E0", "E1", "E2", "E3", "LAST"]


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert latest(tmp_path / "combined.log", Wanted(), limit=9) == []


def test_following_goes_on_over_rotations(tmp_path: Path) -> None:
    shared = SharedFile(tmp_path / "combined.log", limit=2000, kept=50)
    shared.write(line("BEFORE"))
    seen: list[object] = []
    coming = follow(shared.path, Wanted())

    def read() -> None:
        for found in coming:
            seen.append(found["event"])
            if found["event"] == "END":
                return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    wait_until(lambda: written_until_seen(shared, seen))
    for number in range(30):
        count = len(seen)
        shared.write(line(f"E{number}"))
        wait_until(lambda count=count: len(seen) > count)  # type: ignore[misc]
    shared.write(line("END"))
    thread.join(15)

    assert [event for event in seen if event != "START"] == [*(f"E{number}" for number in range(30)), "END"]
    assert numbered(shared.path, 1).exists()


def written_until_seen(shared: SharedFile, seen: list[object]) -> bool:
    shared.write(line("START"))
    return bool(seen)


def test_the_command_prints_for_people_or_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("logs", "--category", "middle", "--since", "2h")
    call_command("logs", "--level", "error", "--json")

    text, as_json = capsys.readouterr().out.splitlines()
    assert text.endswith("ERROR    MIDDLE user=57********51")
    assert json.loads(as_json)["event"] == "MIDDLE"


@pytest.mark.parametrize("since", ["yesterday", "5", "99999999d"])
def test_a_time_that_is_none_is_a_clear_error(path: Path, since: str) -> None:
    with pytest.raises(CommandError, match="neither 15m"):
        call_command("logs", "--since", since)
