"""Meta's side of the webhooks: signed posts over HTTP, tried again until they are answered with 200."""

import asyncio
import random
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

import httpx2

from tests.fakes import webhooks
from tests.fakes.webhooks import JsonObject
from tests.faults.evidence import Acknowledged
from tests.faults.fakes import wa_id
from tests.faults.traffic import Delivery, Written

SECRET = "app-secret"
PHONE_NUMBER_ID = "1001"
TIMEOUT_SECONDS = 10.0
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
STATUS_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Attempt:
    """One post of a webhook. `status` 0: no answer (refused, dropped, too late)."""

    started: float
    seconds: float
    status: int


@dataclass(slots=True)
class _Message:
    written: Written
    provider_time: int
    first_sent: float
    acknowledged: float | None = None


@dataclass
class WebhookClient:
    """Posts webhooks from one thread of its own, each as long as it takes, to `url`."""

    url: str = ""
    attempts: list[Attempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._messages: dict[str, _Message] = {}
        self._statuses: list[JsonObject] = []
        self._open = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start_load(self, deliveries: Iterable[Delivery]) -> None:
        """Post the deliveries at their times, from now on; returns at once."""
        now = time.time()
        for delivery in deliveries:
            self._open += 1
            asyncio.run_coroutine_threadsafe(self._deliver(now, delivery), self._loop)

    def report(self, statuses: list[JsonObject]) -> None:
        """Queue statuses; they are posted in batches, like Meta's under load."""
        self._statuses.extend(statuses)

    @property
    def is_idle(self) -> bool:
        """Whether every delivery was answered with 200 and no status waits."""
        return not self._open and not self._statuses

    def acknowledged(self) -> tuple[Acknowledged, ...]:
        return tuple(
            Acknowledged(
                marker=message.written.marker,
                first_sent=message.first_sent,
                acknowledged=message.acknowledged,
                provider_time=message.provider_time,
            )
            for message in list(self._messages.values())
            if message.acknowledged is not None
        )

    @property
    def offered(self) -> int:
        return len(self._messages)

    async def _start(self) -> None:
        limits = httpx2.Limits(max_connections=300, max_keepalive_connections=20, keepalive_expiry=2)
        self._http = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False)
        self._reporting = asyncio.create_task(self._report_for_ever())

    async def _stop(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    async def _deliver(self, start: float, delivery: Delivery) -> None:
        await asyncio.sleep(max(0.0, start + delivery.at - time.time()))
        now = time.time()
        messages = [
            self._messages.setdefault(w.marker, _Message(w, int(start + w.at), now))
            for w in delivery.messages
        ]
        items = [
            webhooks.text_message(
                m.written.text, sender=wa_id(m.written.user), wamid=m.written.wamid, at=m.provider_time
            )
            for m in messages
        ]
        await self._post_until_acknowledged(messages=items)
        now = time.time()
        for message in messages:
            message.acknowledged = message.acknowledged or now
        self._open -= 1

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(STATUS_INTERVAL_SECONDS)
            batch, self._statuses = self._statuses, []
            random.shuffle(batch)
            if batch:
                self._open += 1
                asyncio.get_running_loop().create_task(self._report(batch))

    async def _report(self, batch: list[JsonObject]) -> None:
        await self._post_until_acknowledged(statuses=batch)
        self._open -= 1

    async def _post_until_acknowledged(
        self, *, messages: Sequence[JsonObject] = (), statuses: Sequence[JsonObject] = ()
    ) -> None:
        change = webhooks.cloud_api_change(
            phone_number_id=PHONE_NUMBER_ID, messages=messages, statuses=statuses
        )
        body = webhooks.cloud_api_envelope(change)
        pause = FIRST_RETRY_SECONDS
        while await self._post(body) != 200:
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, LONGEST_RETRY_SECONDS)

    async def _post(self, body: bytes) -> int:
        started = time.time()
        try:
            reply = await self._http.post(
                self.url, content=body, headers=webhooks.signed_headers(body, SECRET)
            )
            status = reply.status_code
        except httpx2.TransportError:
            status = 0
        self.attempts.append(Attempt(started, time.time() - started, status))
        return status
