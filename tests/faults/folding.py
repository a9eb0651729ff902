"""Processes that fold are killed at random while runs are being committed; afterwards the books are audited.

`python -m tests.faults folding` runs it on a database of its own.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from tests.faults.stack import PROJECT

_PROCESSES = "import django; django.setup(); from tests.faults import folding_processes as it; it.main()"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hits` are the kills that hit a process in a fold; `wrong` says what does not add up."""

    kills: int
    hits: int
    runs: int
    wrong: list[str]


def kill_and_audit(*, database_url: str, kills: int, seed: int) -> Verdict:
    """Run it in processes of its own on a migrated database. Without Redis: the books do not need it."""
    answer = _python(database_url, "-c", _PROCESSES, str(kills), str(seed))
    return Verdict(**json.loads(answer))


def migrate(database_url: str) -> None:
    """Make the tables in an empty database."""
    _python(database_url, "manage.py", "migrate", "--verbosity", "0")


def _python(database_url: str, *words: str) -> bytes:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "botsite.settings",
        "ACTIVITY_DELAY_SECONDS": "0",
        "BOTSITE_LOCAL": "1",
    }
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return ended.stdout
