"""A worker's forwarder as a process of its own; SIGTERM stops it gracefully."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Self

from tests.processes import kill_and_wait


class ForwarderProcess:
    """The test's end of it. `environment` are variables of the site's."""

    def __init__(self, environment: Mapping[str, str], *, lease_seconds: float = 30) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sessions_app.services.forwarder_process", str(lease_seconds)],
            stdout=subprocess.PIPE,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "botsite.settings", **environment},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.communicate()

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        kill_and_wait(self.process.pid)

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        self.process.terminate()
        return self.process.wait(60)


def main() -> None:
    import django

    django.setup()
    from sessions_app.services import forward_claims
    from sessions_app.services.forwarder import Forwarder

    forward_claims.LEASE_SECONDS = float(sys.argv[1])  # type: ignore[assignment]
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    forwarder = Forwarder()
    forwarder.start()
    print("ready", flush=True)
    signal.sigwait(signals)
    forwarder.stop()


if __name__ == "__main__":
    main()
