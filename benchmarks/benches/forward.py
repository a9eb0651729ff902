"""A thousand phones' QR codes and statuses on their way to Laravel, beside one request for each event."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.test import override_settings

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.gateway_traffic import TICK_SECONDS, Gateways, Tick
from benchmarks.summaries import percentile
from botsite.resilience.http import HttpClient
from sessions_app.models import Channel, Device, Forward, ForwardState
from sessions_app.providers.base import DeviceEvent
from sessions_app.services.devices import events_apply
from tests.fakes.laravel import FakeLaravel, LaravelSettings
from tests.sessions_app.services.forwarder_process import ForwarderProcess

SESSIONS, QUICK_SESSIONS = 3000, 60
ROUND_SECONDS, QUICK_ROUND_SECONDS = 20.0, 1.0  # with the first round, which warms up, two minutes
LARAVEL_SECONDS = 0.1
DRAIN_SECONDS = 60.0
CONNECTIONS = 32  # of the one that sends each event by itself
OURS, BARE = "botsite", "a request per event"

REQUESTS = Figure("requests to Laravel", "1/minute")
EVENTS = Figure("events", "1/minute")
ITEMS = Figure("items in a request", "items")
BODIES = Figure("bodies to Laravel", "KB/minute")
REACHED = Figure("disconnect until it reaches Laravel, p50", "ms")
REACHED_P99 = Figure("the same, p99", "ms")


@dataclass(kw_only=True)
class ForwardContender:
    """Reports the traffic of a round with `report`, waits with `settled` until all is told, and compares."""

    name: str
    laravel: FakeLaravel
    gateways: Gateways
    seconds: float
    report: Callable[[Sequence[DeviceEvent]], object]
    settled: Callable[[], bool]
    disconnects: dict[str, float] = field(default_factory=dict)

    def measure(self) -> Sample:
        self.laravel.reset()
        self.laravel.batches.clear()
        self.disconnects.clear()
        began = time.monotonic()
        events = sum(self._play(tick, began + n * TICK_SECONDS) for n, tick in enumerate(self._ticks()))
        self._wait_until_told()
        minutes = self.seconds / 60
        batches = self.laravel.batches
        latencies = self._latencies() or [0.0]
        return {
            EVENTS: events / minutes,
            REQUESTS: len(batches) / minutes,
            ITEMS: sum(len(batch.items) for batch in batches) / len(batches),
            BODIES: sum(batch.size for batch in batches) / 1024 / minutes,
            REACHED: percentile(latencies, 50) * 1000,
            REACHED_P99: percentile(latencies, 99) * 1000,
        }

    def _ticks(self) -> Iterator[Tick]:
        return self.gateways.ticks(self.seconds)

    def _play(self, tick: Tick, due: float) -> int:
        time.sleep(max(due - time.monotonic(), 0))
        self.report(tick.events)
        if tick.disconnect:
            self.disconnects[tick.disconnect.session_id] = time.time()
            self.report([tick.disconnect])
        return len(tick.all_events)

    def _wait_until_told(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while not (self.settled() and self.laravel.statuses() == self.gateways.statuses):
            if time.monotonic() > deadline:
                raise BenchError(f"{self.name}: Laravel does not know the final state of every session")
            time.sleep(0.1)

    def _latencies(self) -> list[float]:
        """From the report of a lost connection until the first request that tells of it arrives."""
        arrived: dict[str, float] = {}
        for batch in self.laravel.of("status"):
            for item in batch.items:
                lost_at = self.disconnects.get(item["sessionId"])
                if lost_at and batch.began >= lost_at:
                    arrived.setdefault(item["sessionId"], batch.began - lost_at)
        return list(arrived.values())


class OnePerEvent:
    """What a gateway without a queue does: a request for each event, many at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = HttpClient(max_connections=CONNECTIONS)
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._version = 0
        self._under_way: set[Future[None]] = set()

    def report(self, events: Sequence[DeviceEvent]) -> None:
        self._under_way = {call for call in self._under_way if not call.done()}
        for event in events:
            self._version += 1
            self._under_way.add(self._pool.submit(self._post, event, self._version))

    def settled(self) -> bool:
        wait(self._under_way)
        return True

    def _post(self, event: DeviceEvent, version: int) -> None:
        path = "/qr/batch" if event.qr else "/whatsapp/status/batch"
        said = {"qr": event.qr} if event.qr else {"status": event.status}
        item = {"sessionId": event.session_id, **said, "version": version}
        self._client.request("POST", self._url + path, json={"batchId": "", "items": [item]})


class ForwardBench:
    about = (
        f"{SESSIONS} sessions; 2000 QR codes a minute, each reported twice, 50 statuses a second, 20 "
        f"lost connections a minute; Laravel takes {LARAVEL_SECONDS * 1000:.0f} ms and knows all in the end"
    )
    targets = (Target(figure=REQUESTS, against=BARE, at_most=0.02),)

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        sessions = QUICK_SESSIONS if quick else SESSIONS
        seconds = QUICK_ROUND_SECONDS if quick else ROUND_SECONDS
        Device.objects.all().delete()  # those of other benches: Laravel would be told of them too
        channel = Channel.objects.create(slug="bench-gateway", kind="gateway")
        answering = LaravelSettings(seconds=LARAVEL_SECONDS)
        with (
            FakeLaravel(answering) as laravel,
            FakeLaravel(answering) as bare_laravel,
            override_settings(LARAVEL_API_URL=laravel.api_url),
            ForwarderProcess(
                {"LARAVEL_API_URL": laravel.api_url, "BATCH_INTERVAL_SECONDS": "0.3" if quick else "5"}
            ) as forwarder,
        ):
            forwarder.wait_until_ready()
            single = OnePerEvent(bare_laravel.api_url)
            ours = ForwardContender(
                name=OURS,
                laravel=laravel,
                gateways=Gateways(sessions),
                seconds=seconds,
                report=lambda events: events_apply(channel, events) if events else None,
                settled=_nothing_waits,
            )
            bare = ForwardContender(
                name=BARE,
                laravel=bare_laravel,
                gateways=Gateways(sessions),
                seconds=seconds,
                report=single.report,
                settled=single.settled,
            )
            _introduce(channel, ours, bare)
            yield ours, bare


def _introduce(channel: Channel, ours: ForwardContender, bare: ForwardContender) -> None:
    """Let both Laravels know all sessions before anything is measured."""
    events_apply(channel, ours.gateways.first_reports())
    bare.laravel.known["status"] = {
        name: {"sessionId": name, "status": status, "version": 0}
        for name, status in bare.gateways.statuses.items()
    }
    deadline = time.monotonic() + DRAIN_SECONDS
    while len(ours.laravel.statuses()) < len(ours.gateways.statuses):
        if time.monotonic() > deadline:
            raise BenchError("the forwarder tells Laravel nothing")
        time.sleep(0.1)


def _nothing_waits() -> bool:
    return not Forward.objects.filter(state__in=(ForwardState.PENDING, ForwardState.SENDING)).exists()


BENCH = ForwardBench()
