"""A watch over the log of the whole suite: a telephone number or a canary in it fails the session."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.botsite.telemetry.canaries import CANARIES

# The suite's customers have Colombian numbers; a log shows at most their ends.
_NUMBER = re.compile(r"(?<![\w.*-])57\d{10}(?!\d)")


def private_lines(path: Path, *, start: int = 0) -> list[str]:
    """Return the lines of `path` from the byte `start` on that hold a number or a canary."""
    with path.open(errors="replace") as log:
        log.seek(start)
        return [line for line in log if _NUMBER.search(line) or any(word in line for word in CANARIES)]


@pytest.fixture(scope="session", autouse=True)
def _watch_the_log() -> Iterator[None]:
    """The file that holds every line; the processes of xdist share it and each looks at all of it."""
    path: Path = settings.LOG_DIR / "application.log"
    start = path.stat().st_size if path.exists() else 0
    yield
    if path.exists():
        assert private_lines(path, start=min(start, path.stat().st_size)) == []
