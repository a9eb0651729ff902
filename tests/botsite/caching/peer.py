"""Another process of the house: does with the cache what it is told, a JSON object a line, and answers.

Run as a module it is the process; `started` starts one.
"""

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS = 20
MISSING = "MISSING"


class Peer:
    """The process as a test sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, command: str, layer: str = "client_data", /, **values: Any) -> Any:
        """Run one of the commands of `Commands`; fails when it raises or takes too long."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([command, layer, values]) + "\n")
        stdin.flush()
        ready, _, _ = select.select([stdout], [], [], SECONDS)
        assert ready, f"no answer to {command}"
        kind, answer = json.loads(stdout.readline())
        assert kind == "ok", answer
        return answer


@contextmanager
def started(**environment: str) -> Iterator[Peer]:
    """Start a process with `environment` over this one's."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "botsite.settings", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Peer(process)
    finally:
        process.kill()
        process.communicate()


class Commands:
    """What a peer can be told. Parts of keys come in `parts`."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self._held: threading.Thread | None = None
        self._result: Any = None

    def get(self, layer: Any, parts: dict[str, str]) -> Any:
        value = caching.get(layer, **parts)
        return MISSING if value is caching.MISSING else value

    def load(self, layer: Any, parts: dict[str, Any], value: Any) -> dict[str, Any]:
        """Get or load; tells what was found and how often it was loaded."""
        loads: list[int] = []

        def load() -> Any:
            loads.append(1)
            return value

        found = caching.get_or_load(layer, load, **parts)
        return {"value": found, "loads": len(loads)}

    def begin_load(self, layer: Any, parts: dict[str, Any], value: Any) -> bool:
        """Begin a load that ends at `end_load`; answers when it is under way."""
        under_way = threading.Event()
        self._gate.clear()

        def load() -> Any:
            under_way.set()
            self._gate.wait(SECONDS)
            return value

        def run() -> None:
            self._result = caching.get_or_load(layer, load, **parts)

        self._held = threading.Thread(target=run)
        self._held.start()
        return under_way.wait(SECONDS)

    def end_load(self, layer: Any) -> Any:
        self._gate.set()
        assert self._held is not None
        self._held.join(SECONDS)
        return self._result

    def put(self, layer: Any, parts: dict[str, str], value: Any) -> None:
        caching.put(layer, value, **parts)

    def invalidate(self, layer: Any, parts: dict[str, str]) -> None:
        caching.invalidate(layer, **parts)

    def invalidate_matching(self, layer: Any, parts: dict[str, str]) -> None:
        caching.invalidate_matching(layer, **parts)

    def invalidate_on_commit(self, layer: Any, parts: dict[str, str]) -> None:
        with transaction.atomic():
            caching.invalidate_on_commit(layer, **parts)

    def invalidate_all_on_commit(self, layer: Any, parts: dict[str, str]) -> None:
        with transaction.atomic():
            caching.invalidate_all_on_commit([(layer, parts), (layer, parts | {"user": "another"})])

    def hears(self, layer: Any) -> bool:
        return process.listener.hears()

    def errors(self, layer: Any) -> int:
        return sum(
            number
            for (name, _, result), number in usage.counted.items()
            if (name, result) == (layer.name, "error")
        )

    def replay_every(self, layer: Any, seconds: float, settling: float) -> None:
        listener.REPLAY_SECONDS, pending.SETTLING_SECONDS = seconds, settling

    def load_in_fork(self, layer: Any, parts: dict[str, Any], value: Any) -> dict[str, Any]:
        """What a child finds that is forked while others hold all locks, its threads and whether it hears."""
        reading, writing = os.pipe()
        with process.local._lock, process.flights._lock, process.listener._lock:
            pid = os.fork()
            if pid == 0:
                answer = {"found": self.load(layer, parts, value), "hears": process.listener.hears()}
                answer["threads"] = [thread.name for thread in threading.enumerate()]
                os.write(writing, json.dumps(answer).encode())
                os._exit(0)
        os.close(writing)
        with open(reading) as pipe:
            result: dict[str, Any] = json.load(pipe)
        os.waitpid(pid, 0)
        return result


def serve() -> None:
    commands = Commands()
    for line in sys.stdin:
        command, layer, values = json.loads(line)
        method: Callable[..., Any] = getattr(commands, command)
        try:
            answer = ["ok", method(caching.LAYERS[layer], **values)]
        except Exception as error:
            answer = ["error", repr(error)]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    import django

    django.setup()
    from django.db import transaction

    from botsite import caching
    from botsite.caching import listener, pending, process, usage

    serve()
