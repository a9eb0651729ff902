"""`manage.py up` as a person starts it: on a machine where no store is configured."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import processes_about, wait_until

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60
"""For what takes a few on a quiet machine."""


class RunningSite:
    """`manage.py up` with private servers under `var_dir`; what it says is in `lines`."""

    def __init__(self, var_dir: Path, port: int, *words: str) -> None:
        self.port = port
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), *words],
            cwd=ROOT,
            env=environment(var_dir),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if "Ctrl-C stops" in line:
                return
        raise AssertionError("".join(self.lines))

    def end(self, number: signal.Signals) -> int:
        """Signal the parent; return its exit code."""
        with self.process:
            self.process.send_signal(number)
            self.lines += self.process.communicate(timeout=SECONDS)[0].splitlines(keepends=True)
        return self.process.returncode

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def environment(var_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return kept | {"VAR_DIR": str(var_dir), "LOG_DIR": str(var_dir / "logs"), "BOTSITE_LOCAL": "0"}


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def site(var_dir: Path, port: int) -> Iterator[RunningSite]:
    running = RunningSite(var_dir, port, "--demo")
    running.wait_ready()
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)
    wait_until(lambda: not processes_about(str(var_dir)))


def test_a_demo_says_where_everything_is_and_stops_without_a_trace(site: RunningSite, var_dir: Path) -> None:
    said = "".join(site.lines)
    assert re.search(r"ready after \d+\.\d s at http://127\.0\.0\.1:\d+\n", said)
    password = re.search(r"/admin/  user admin, password (\S+)\n", said)
    assert password is not None
    assert password[1] == (var_dir / "admin-password").read_text()
    assert [path for path in ("/simulator/", "/dashboard/") if path in said] == ["/simulator/", "/dashboard/"]
    assert site.get("/health/live") == site.get("/health/ready") == 200

    assert site.end(signal.SIGINT) == 0
    assert site.lines[-1] == "botsite: stopped\n"
    assert processes_about(str(var_dir)) == {}


def test_a_second_one_on_the_port_gives_up_with_one_line(site: RunningSite, var_dir: Path) -> None:
    second = RunningSite(var_dir, site.port)

    output, _ = second.process.communicate(timeout=SECONDS)

    assert second.process.returncode == 1
    assert output == f"botsite: cannot listen at 127.0.0.1:{site.port}: Address already in use\n"
    assert site.get("/health/live") == 200
    assert site.end(signal.SIGTERM) == 0


def test_commands_beside_it_share_its_servers(site: RunningSite, var_dir: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "manage.py", "showmigrations", "--plan", "--verbosity=0"],
        cwd=ROOT,
        env=environment(var_dir),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[ ]" not in shown.stdout
    assert "conversations.0001_initial" in shown.stdout
    assert site.get("/health/ready") == 200


def test_everything_ends_with_a_parent_that_was_killed(site: RunningSite, var_dir: Path) -> None:
    assert len(processes_about(str(var_dir))) > 6

    assert site.end(signal.SIGKILL) == -signal.SIGKILL

    wait_until(lambda: not processes_about(str(var_dir)), seconds=30)


def test_a_web_server_that_was_killed_is_back_on_its_port(site: RunningSite, var_dir: Path) -> None:
    main = min(pid for pid, command in processes_about(str(site.port)).items() if "granian" in command)

    os.kill(main, signal.SIGKILL)
    wait_until(lambda: site.get("/health/live") != 200)

    wait_until(lambda: site.get("/health/live") == 200)
    site.end(signal.SIGTERM)
    assert any("web was ended by SIGKILL, starts again in 1 s" in line for line in site.lines)
