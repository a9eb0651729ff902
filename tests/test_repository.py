"""What must never stand in a committed file."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def committed_files() -> list[Path]:
    """Files that are in git, or would be; without git (an unpacked archive) there is nothing to check."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_requirements_are_pinned_with_hashes_and_without_addresses(path: Path) -> None:
    text = path.read_text()
    packages = re.findall(r"^(\S+==\S+)((?:.*\\\n)*.*)$", text, re.MULTILINE)

    assert "://" not in text
    assert packages
    assert [name for name, rest in packages if "--hash=sha256:" not in rest] == []
    assert [line for line in text.splitlines() if line and not re.match(r"(\S+==|    --hash=|#)", line)] == []


def test_no_lock_file_with_addresses_is_committed() -> None:
    names = {path.name for path in committed_files()}

    assert not names & {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"}


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    home = re.compile(r"(?<![\w./-])/(?:home|Users|root|work)/[a-z]")
    found = [str(path.relative_to(ROOT)) for path in committed_files() if home.search(text_of(path))]

    assert found == []


def test_no_generated_folder_is_committed() -> None:
    generated = {"var", "logs", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", "node_modules"}

    assert [path for path in committed_files() if generated & set(path.relative_to(ROOT).parts[:-1])] == []
