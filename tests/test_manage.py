"""The command line's entry: which Python, which servers, and one line when something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"


def manage(*words: str, python: str = sys.executable, **changes: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, "manage.py", *words],
        cwd=ROOT,
        env=os.environ | changes,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("BUFFER_SECONDS", "soon", "BUFFER_SECONDS is 'soon': expected seconds"),
        (
            "DATABASE_URL",
            "mysql://x/y",
            "DATABASE_URL is 'mysql://x/y': expected a URL starting with postgres://",
        ),
        ("FIELD_ENCRYPTION_KEY", "short", "FIELD_ENCRYPTION_KEY is '<5 characters"),
    ],
)
def test_an_invalid_variable_stops_the_start_with_one_line(variable: str, value: str, expected: str) -> None:
    ended = manage("check", **{variable: value})

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"botsite: {expected}")
    assert ended.stderr.count("\n") == 1


def test_without_addresses_a_server_is_started_on_request_only(tmp_path: Path) -> None:
    ended = manage("migrate", BOTSITE_LOCAL="0", DATABASE_URL="", VAR_DIR=str(tmp_path))

    assert ended.returncode == 1
    assert ended.stderr.startswith("botsite: DATABASE_URL is not set: expected the address of the server")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    ended = manage("migrate", DATABASE_URL="", VAR_DIR=str(tmp_path / "file" / "var"))

    assert ended.returncode == 1
    assert ended.stderr.startswith("botsite: cannot create the folder")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(not ENVIRONMENT.exists(), reason="installed elsewhere than in .venv")
def test_a_plain_python_goes_on_in_the_virtual_environment() -> None:
    plain = str(Path(sys.base_prefix) / "bin" / "python3")

    ended = manage("version", python=plain)

    assert ended.stdout.startswith("5.2"), ended.stderr
