"""A foreground parent of long-running processes: restarts what dies, and stops all of them in time."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from botsite.embedded.processes import dies_with_parent

STOP_SECONDS = 8.0
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
SETTLED_SECONDS = 60.0  # who lived this long starts again with the first delay
LARGEST_LOG_BYTES = 5_000_000


class StopRequested(BaseException):
    """SIGINT, SIGTERM or SIGHUP came; raised in the main thread, once."""


def raise_on_stop_signals() -> None:
    """Turn the first stop signal into StopRequested and ignore the following ones: stopping has begun.

    SIGHUP stays ignored under nohup; SIGINT does not, though a shell's background jobs inherit it so.
    """
    stopping = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        stopping.append(signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for each in stopping:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested

    for each in stopping:
        signal.signal(each, stop)


class MakeParent:
    """The make that started this process, if one did: a demo ends with it.

    make does not pass on a SIGINT that was sent to it alone: it waits for its child, with the signal back at
    its default action. That, or a new parent, is the sign to stop (Linux).
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        self._catches = self._catches_interrupt()

    def is_leaving(self) -> bool:
        return os.getppid() != self._pid or (self._catches and not self._catches_interrupt())

    def _catches_interrupt(self) -> bool:
        """Bit 1 of SigCgt in /proc/<pid>/status; False for a parent other than make."""
        try:
            status = dict(
                line.split(":", 1) for line in Path(f"/proc/{self._pid}/status").read_text().splitlines()
            )
        except OSError:
            return False
        is_make = status["Name"].strip() in {"make", "gmake"}
        return is_make and bool(int(status["SigCgt"], 16) & 1 << (signal.SIGINT - 1))


@dataclass
class Child:
    """One process to keep running. Its output goes to `log`."""

    name: str
    command: Sequence[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    restart_at: float = 0.0
    delay: float = field(default=FIRST_DELAY_SECONDS)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal reaches the parent, which stops the children
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        self.started_at = time.monotonic()

    def send(self, number: signal.Signals) -> None:
        """Signal the process and all that it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def schedule_restart(self, now: float) -> float:
        """Decide when to start it again; returns the delay in seconds."""
        delay = FIRST_DELAY_SECONDS if now - self.started_at > SETTLED_SECONDS else self.delay
        self.delay = min(delay * 2, LONGEST_DELAY_SECONDS)
        self.restart_at = now + delay
        return delay


class Supervisor:
    """Keeps `children` running; `say` gets one line for each event."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[Child] = []

    def start(self, child: Child) -> None:
        self._children.append(child)
        child.start()

    def check(self) -> None:
        """Notice who died, and start again those whose delay has passed; call it a few times a second."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and not child.is_running():
                self._bury(child, child.process.returncode, now)
            elif child.process is None and now >= child.restart_at:
                child.start()

    def stop(self) -> None:
        """End all children: politely, and after STOP_SECONDS by force."""
        for child in self._children:
            if child.is_running() and child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.is_running() for child in self._children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self._children:
            child.send(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()

    def _bury(self, child: Child, code: int, now: float) -> None:
        child.send(signal.SIGKILL)  # what it had started must not keep its port or its work
        child.process = None
        delay = child.schedule_restart(now)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        self._say(f"{child.name} {how}, starts again in {delay:.0f} s (see {child.log})")
