"""Gateways' reports received in batches, beside one bulk INSERT; "is it active?" beside a bare GET."""

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from django.db import connection

from benchmarks.bare.devices import CREATE_TABLE
from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.load import LoadGenerator, load_generator
from benchmarks.servers import WebServer, web_server
from botsite import caching
from botsite.api.keys import api_key_create
from botsite.telemetry.meter import install_meter
from sessions_app.models import Channel, Device
from sessions_app.services.device_state import is_active
from sessions_app.services.session_channels import DEFAULT_SLUG

SESSIONS = 3000
BATCH = 100
BATCHES = 120  # in every round
QUICK_BATCHES = 4
CONNECTIONS = 4
KEYS = 40
"""As many gateways, each with its own thousand events a second."""
LOOK_UPS = 20_000
QUICK_LOOK_UPS = 1000
OURS, BARE = "botsite", "bare"

RECEIVED = Figure(f"received in batches of {BATCH}, {CONNECTIONS} connections", "events/s")
ASKED = Figure("is it active? asked a thousand times", "ms")

Ask = Callable[[int], object]
_events = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesContender:
    """A web server that takes reports in, and a way to ask; `stored` counts the sessions with these codes."""

    name: str
    server: WebServer
    generator: LoadGenerator
    keys: Sequence[str]
    batches: int
    look_ups: int
    stored: Callable[[], int]
    ask: Ask

    def measure(self) -> Sample:
        requests = [_request(self.keys[number % len(self.keys)], number) for number in range(self.batches)]
        outcome = self.generator.drive(self.server.port, requests, connections=CONNECTIONS)
        if set(outcome.statuses) != {200}:
            raise BenchError(f"{self.name} answered {sorted(set(outcome.statuses))} instead of 200")
        if (stored := self.stored()) < (expected := min(SESSIONS, self.batches * BATCH)):
            raise BenchError(f"{self.name} has {stored} sessions instead of {expected}")
        events = self.batches * BATCH
        return {RECEIVED: events / outcome.seconds, ASKED: self._asked()}

    def _asked(self) -> float:
        self.ask(0)
        began = time.perf_counter()
        for number in range(self.look_ups):
            self.ask(number % BATCH)
        return (time.perf_counter() - began) * 1000 / self.look_ups * 1000


class DevicesBench:
    about = (
        f"new QR codes and statuses of {SESSIONS} sessions, each of them versioned, QR codes encrypted, "
        "with its row for Laravel, beside a bare Django view that does one bulk INSERT … ON CONFLICT; "
        "and whether a session is active, from the process's memory, beside a GET by redis-py"
    )
    targets = (
        Target(figure=ASKED, against=BARE, at_most=0.1),
        Target(figure=RECEIVED, against=BARE, at_least=0.02),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        install_meter()
        os.environ["LARAVEL_API_URL"] = "http://127.0.0.1:9/api"  # its rows are written, and nobody sends
        keys = [api_key_create(name=f"gateway {n}", scopes=["sessions:write"])[1] for n in range(KEYS)]
        Channel.objects.create(slug=DEFAULT_SLUG, kind="gateway")
        with connection.cursor() as cursor:
            cursor.execute(CREATE_TABLE)
        batches = QUICK_BATCHES if quick else BATCHES
        look_ups = QUICK_LOOK_UPS if quick else LOOK_UPS
        with (
            redis.Redis.from_url(house.redis_url) as client,
            load_generator() as generator,
            web_server("botsite.web:create_application", log=house.folder / "ours.log") as ours,
            web_server("benchmarks.bare.web:create_application", log=house.folder / "bare.log") as bare,
        ):
            for number in range(BATCH):
                client.set(f"bare:{number}", "active")
                caching.put(caching.STATUS, ["active", 0.0], channel="bench", session=f"s{number}")

            def make(name: str, server: WebServer, stored: Callable[[], int], ask: Ask) -> DevicesContender:
                return DevicesContender(
                    name=name,
                    server=server,
                    generator=generator,
                    keys=keys,
                    batches=batches,
                    look_ups=look_ups,
                    stored=stored,
                    ask=ask,
                )

            yield (
                make(OURS, ours, Device.objects.count, _ask),
                make(BARE, bare, _bare_count, lambda number: client.get(f"bare:{number}") == b"active"),
            )


def _ask(number: int) -> object:
    return is_active("bench", f"s{number}")


def _request(key: str, number: int) -> bytes:
    """Return a batch of codes, or every other time of statuses, of the next hundred sessions."""
    first = number * BATCH % SESSIONS
    kind, path = ("status", "whatsapp/status") if number % 2 else ("qr", "qr")
    items = [{"sessionId": f"s{first + n}", kind: f"2@{next(_events)}" + "x" * 20} for n in range(BATCH)]
    body = json.dumps({"items": items}).encode()
    head = f"POST /api/{path}/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {key}\r\n"
    return head.encode() + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _bare_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bare_device")
        return int(cursor.fetchone()[0])


BENCH = DevicesBench()
