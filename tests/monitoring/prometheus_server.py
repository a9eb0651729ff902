"""A real Prometheus, with the configuration that is shipped, asking every second."""

import json
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botsite.embedded.processes import dies_with_parent
from tests.faults.stores import free_port
from tests.processes import is_listening, wait_until

PROGRAM = shutil.which("prometheus")
CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "prometheus.yml"
SHIPPED_TARGET = "127.0.0.1:8000"


class Prometheus:
    """What its HTTP API answers at a loopback port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def samples(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and value of each series of an instant query; raises OSError."""
        parameters = urllib.parse.urlencode({"query": query})
        address = f"http://127.0.0.1:{self.port}/api/v1/query?{parameters}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return [(each["metric"], float(each["value"][1])) for each in found["data"]["result"]]

    def value(self, query: str) -> float | None:
        """Return the one value of a query; None where there is none (yet)."""
        found = self.samples(query)
        assert len(found) <= 1, found
        return found[0][1] if found else None


@contextmanager
def running_prometheus(folder: Path, *, target: str, key: str) -> Iterator[Prometheus]:
    """Start it with everything that it writes under `folder`, scraping `target` with the API key."""
    configuration = folder / "prometheus.yml"
    credentials = folder / "botsite.key"
    credentials.write_text(key)
    text = CONFIGURATION.read_text()
    for shipped, own in (
        (SHIPPED_TARGET, target),
        ("/etc/prometheus/", f"{folder}/"),
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("scrape_timeout: 10s", "scrape_timeout: 1s"),
    ):
        assert shipped in text
        text = text.replace(shipped, own)
    configuration.write_text(text)
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(PROGRAM),
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
    try:
        wait_until(lambda: is_listening(port), seconds=60)
        yield Prometheus(port)
    finally:
        process.kill()
        process.wait()
