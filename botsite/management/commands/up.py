"""`manage.py up`: the whole site in the foreground, on a machine where it may have nothing configured."""

import socket
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand

from botsite import embedded
from botsite.local_site import Site, SiteOptions
from botsite.supervisor import StopRequested, raise_on_stop_signals


class Command(BaseCommand):
    help = "Starts web server, worker and beat, with private database and cache where none is configured"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1)")
        parser.add_argument("--port", type=_port, default=8000, help="port to listen at (8000)")
        parser.add_argument("--workers", type=_count, default=1, help="web processes (1)")
        parser.add_argument("--no-worker", action="store_true", help="the web server alone")
        parser.add_argument("--demo", action="store_true", help="with sample data and an admin user")

    def handle(self, *args: Any, **options: Any) -> None:
        raise_on_stop_signals()
        _require_free(options["host"], options["port"])
        site = Site(SiteOptions(**{each.name: options[each.name] for each in fields(SiteOptions)}), self.say)
        try:
            site.run()
        except StopRequested:
            self.say("stopping")
        except embedded.EmbeddedError as error:
            raise SystemExit(f"botsite: {error}") from None
        finally:
            site.stop()
        self.say("stopped")

    def say(self, text: str) -> None:
        self.stdout.write(f"botsite: {text}")
        self.stdout.flush()


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is not a port between 1 and 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise ArgumentTypeError(f"{text!r} is not a number between 1 and 64")
    return int(text)


def _require_free(host: str, port: int) -> None:
    """granian shares a port with another server without a word, so ask first."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SystemExit(f"botsite: cannot listen at {host}:{port}: {error.strerror}") from None
