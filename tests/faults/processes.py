"""One process of the product under the harness's thumb: killed, stopped, and started again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from botsite.embedded.processes import dies_with_parent


@dataclass(slots=True)
class Incarnation:
    """One life of a process: when it was stopped or killed from outside, and when it was woken."""

    key: str
    started: float
    interruptions: list[float] = field(default_factory=list)
    awakenings: list[float] = field(default_factory=list)


@dataclass
class Process:
    """A command that is restarted when it was killed, as a service manager would do.

    Each life gets a model key of its own ("worker1-3"), so that the fake model sees who is calling.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    lives: list[Incarnation] = field(default_factory=list)
    unexpected_ends: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[bytes] | None" = None
    _restart_at: float = 0.0

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        key = f"{self.name}-{len(self.lives) + 1}"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**self.environment, "OPENAI_API_KEY": key},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        self.lives.append(Incarnation(key, time.time()))

    def kill(self, *, restart_after: float) -> None:
        """kill -9 of the process and all it started; `supervise` starts it again after so many seconds."""
        self.lives[-1].interruptions.append(time.time())
        self.close()
        self._process = None
        self._restart_at = time.monotonic() + restart_after

    def freeze(self) -> None:
        self.lives[-1].interruptions.append(time.time())
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.lives[-1].awakenings.append(time.time())
        self._signal(signal.SIGCONT)

    def supervise(self) -> None:
        """Start what is due to start, note what ended by itself; call it a few times a second."""
        if self._process is None:
            if time.monotonic() >= self._restart_at:
                self.start()
        elif (code := self._process.poll()) is not None:
            self.unexpected_ends.append(f"{self.name} ended by itself with code {code}, see {self.log}")
            self.kill(restart_after=0)

    def close(self) -> None:
        """End it for good."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
