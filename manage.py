#!/usr/bin/env python3
"""Django's command line; on a machine with nothing configured it brings its own database and cache."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botsite.embedded import RunningServices

VIRTUAL_ENVIRONMENT = Path(__file__).resolve().parent / ".venv"
# `up` brings its own servers and stops them itself; the others touch no store.
WITHOUT_SERVICES = {"up", "help", "version", "check", "makemigrations", "makemessages", "compilemessages"}


def enter_virtual_environment() -> None:
    """Let `./manage.py` work from a plain shell: go on under .venv's Python where Django is."""
    if importlib.util.find_spec("django"):
        return
    python = VIRTUAL_ENVIRONMENT / "bin" / "python"
    if Path(sys.prefix) == VIRTUAL_ENVIRONMENT or not python.exists():
        raise SystemExit("botsite: Django is not installed: run 'make setup' first")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606  no shell is wanted


def start_services(command: str) -> "RunningServices | None":
    """Start the private servers that `command` needs; they stop after the last process that uses them."""
    if command in WITHOUT_SERVICES or command.startswith("-"):
        return None
    from django.conf import settings

    from botsite import embedded

    if not settings.LOCAL or not embedded.missing_services():
        return None
    try:
        return embedded.ensure_running(settings.VAR_DIR)
    except embedded.EmbeddedError as error:
        raise SystemExit(f"botsite: {error}") from None


def main() -> None:
    enter_virtual_environment()
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botsite.settings")
    if command == "up":
        os.environ["BOTSITE_LOCAL"] = "1"
    from django.core.management import execute_from_command_line

    from botsite.telemetry.meter import install_meter

    if command not in WITHOUT_SERVICES:
        install_meter()
    services = start_services(command)
    execute_from_command_line(sys.argv)
    del services  # held until here: the servers live as long as the handle


if __name__ == "__main__":
    main()
