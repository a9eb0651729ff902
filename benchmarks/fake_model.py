"""The fake model of the tests in a process of its own: it answers at once, and counts."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from benchmarks.bench import BenchError
from tests.faults.stores import free_port

START_SECONDS = 15.0


class FakeModel:
    """An OpenAI-compatible server at `base_url`."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.base_url = f"{self._url}/v1"

    def requests(self) -> int:
        """Return how many calls have reached it since the last `reset`."""
        return len(self._control("requests"))

    def reset(self, **behaviour: Any) -> None:
        """Forget what was asked, and behave as told from now on."""
        self._control("reset", {})
        if behaviour:
            self._control("behave", {"times": None, **behaviour})

    def _control(self, name: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self._url}/__control/{name}", data, timeout=5) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def fake_model() -> Iterator[FakeModel]:
    """Start the server; it is gone at the end."""
    port = free_port()
    command = [sys.executable, "-m", "tests.fakes.openai_compatible", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            model = FakeModel(port)
            _wait_for(model)
            yield model
        finally:
            process.kill()


def _wait_for(model: FakeModel) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            model.requests()
            return
        time.sleep(0.05)
    raise BenchError("the fake model did not start")
