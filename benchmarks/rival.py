"""A program that we stand beside, in a process and with packages of its own (see benchmarks/rivals)."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bench import BenchError

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "var" / "rivals"


class Rival:
    """The process: takes a command as a JSON object a line, and answers each with one."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self.name = name
        self._process = process

    def ask(self, command: str, **values: Any) -> dict[str, Any]:
        """Return the answer to one of the program's commands. Raises BenchError when there is none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise BenchError(f"{self.name} has no pipes")
        print(json.dumps({"do": command, **values}), file=stdin, flush=True)
        if not (line := stdout.readline()):
            raise BenchError(f"{self.name} ended before it answered")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def rival(name: str, *, packages: str, program: str) -> Iterator[Rival]:
    """Run `program` of benchmarks/rivals with requirements/<packages>.txt, installed the first time."""
    environment = FOLDER / packages
    FOLDER.mkdir(parents=True, exist_ok=True)
    installed = subprocess.run([PROJECT / ".ci" / "install", environment, packages], cwd=PROJECT, check=False)
    if installed.returncode:
        raise BenchError(f"the packages of {name} could not be installed")
    process = subprocess.Popen(
        [environment / "bin" / "python", PROJECT / "benchmarks" / "rivals" / f"{program}.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Rival(name, process)
    finally:
        process.kill()
        process.communicate()
