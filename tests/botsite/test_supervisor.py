"""The foreground parent with real children."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from botsite import supervisor as module
from botsite.supervisor import Child, Supervisor
from tests.processes import processes_about, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("on", flush=True)
time.sleep(60)
"""
WITH_CHILD = """
import subprocess, sys, time
subprocess.Popen(["sleep", "61"], env={"STARTED_IN": sys.argv[1]})
time.sleep(60)
"""

UNDER_MAKE = """
import time
from botsite.supervisor import MakeParent
parent = MakeParent()
print("watching", flush=True)
while not parent.is_leaving():
    time.sleep(0.02)
"""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(module, "FIRST_DELAY_SECONDS", 0.1)
    return []


@pytest.fixture
def running(said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(said.append)
    yield supervisor
    supervisor.stop()


def child(tmp_path: Path, code: str) -> Child:
    return Child("worker", (sys.executable, "-c", code, str(tmp_path)), tmp_path / "worker.log", delay=0.1)


def keep_checking(running: Supervisor, tmp_path: Path, *, previous: int) -> bool:
    running.check()
    return any(pid != previous for pid in processes_about(str(tmp_path)))


def test_a_child_that_dies_is_started_again_and_said_so(
    running: Supervisor, said: list[str], tmp_path: Path
) -> None:
    worker = child(tmp_path, "import time; time.sleep(60)")
    running.start(worker)
    assert worker.process is not None
    first = worker.process.pid

    worker.send(signal.SIGKILL)
    worker.process.wait()
    wait_until(lambda: keep_checking(running, tmp_path, previous=first))

    assert said == [f"worker was ended by SIGKILL, starts again in 0 s (see {tmp_path / 'worker.log'})"]


def test_the_delay_doubles_up_to_its_limit_and_starts_over(tmp_path: Path) -> None:
    worker = child(tmp_path, "raise SystemExit(3)")
    worker.delay = 1.0
    worker.started_at = 100.0

    delays = [worker.schedule_restart(101.0) for _ in range(7)]

    assert delays == [1, 2, 4, 8, 16, 30, 30]
    assert worker.schedule_restart(100.0 + module.SETTLED_SECONDS + 1) == module.FIRST_DELAY_SECONDS


def test_the_reason_of_an_end_is_kept_in_the_log(
    running: Supervisor, said: list[str], tmp_path: Path
) -> None:
    worker = child(tmp_path, "raise SystemExit('no such setting')")
    running.start(worker)
    assert worker.process is not None
    worker.process.wait()
    running.check()

    assert said[0].startswith("worker ended with code 1, starts again")
    assert worker.log.read_text() == "no such setting\n"


def test_stopping_ends_those_that_refuse(
    running: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    worker = child(tmp_path, STUBBORN)
    running.start(worker)
    wait_until(lambda: worker.log.read_text() == "on\n")

    began = time.monotonic()
    running.stop()

    assert 0.3 <= time.monotonic() - began < 2
    assert processes_about(str(tmp_path)) == {}


def test_what_a_dead_child_had_started_ends_with_it(running: Supervisor, tmp_path: Path) -> None:
    worker = child(tmp_path, WITH_CHILD)
    running.start(worker)
    wait_until(lambda: len(processes_about(str(tmp_path))) == 2)
    assert worker.process is not None

    worker.process.kill()
    worker.process.wait()
    running.check()

    wait_until(lambda: not any("sleep 61" in command for command in processes_about(str(tmp_path)).values()))


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_for_make_alone_is_noticed(tmp_path: Path, sent: signal.Signals) -> None:
    (tmp_path / "watch.py").write_text(UNDER_MAKE)
    (tmp_path / "Makefile").write_text(f"watch:\n\t@exec {sys.executable} {tmp_path / 'watch.py'}\n")
    make = subprocess.Popen(
        ["make", "--no-print-directory", "-f", str(tmp_path / "Makefile")],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MAKEFLAGS": "", "MAKELEVEL": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A suite that runs in a shell's background inherits an ignored interrupt.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with make:
        assert make.stdout is not None
        assert make.stdout.readline() == "watching\n"
        make.send_signal(sent)

        wait_until(lambda: processes_about(str(tmp_path / "watch.py")) == {})
