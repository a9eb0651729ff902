"""A real granian on the test database, for what a test client would put right on the way."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from botsite.web import server_command
from tests.faults.stores import free_port
from tests.processes import database_url_of_tests, is_listening, wait_until


@contextmanager
def granian(folder: Path) -> Iterator[int]:
    """Serve the site from one process; yields the port. Addresses are believed from loopback's proxies."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url_of_tests(),
        "TRUSTED_PROXIES": "127.0.0.1",
        "API_CALLS_PER_MINUTE": "1000000",
        "WATCH": "0",
    }
    with (folder / "granian.log").open("w") as output:
        process = subprocess.Popen(
            server_command(host="127.0.0.1", port=port),
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: is_listening(port), seconds=60)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="package")
def web_port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with granian(tmp_path_factory.mktemp("web")) as port:
        yield port
