"""Web servers under test: granian with the flags of `manage.py up`, as processes of their own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.bench import BenchError
from botsite.embedded.processes import dies_with_parent
from botsite.web import server_command
from tests.faults.stores import free_port

START_SECONDS = 30.0
STOP_SECONDS = 10.0
HOST = "127.0.0.1"


class WebServer:
    """A granian with one web process that listens at `port`."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.port = port
        self._process = process

    def cpu_seconds(self) -> float:
        """CPU time used so far by the server and its processes (Linux; 0 elsewhere)."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()  # proc(5), from the third field on
                if int(fields[2]) == self._process.pid:  # its process group
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def wait_until_listening(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise BenchError(f"the web server did not start: {log.read_text()[-2000:]}")

    def stop(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def web_server(application: str, *, log: Path) -> Iterator[WebServer]:
    """Serve the factory `application` ("module:name"); what it says goes to `log`."""
    port = free_port()
    with log.open("ab") as output:
        process = subprocess.Popen(
            server_command(host=HOST, port=port, application=application),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    server = WebServer(process, port)
    try:
        server.wait_until_listening(log)
        yield server
    finally:
        server.stop()
