"""From a signed webhook to the 200 that says it is committed, beside the least a Django site could do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from benchmarks.bare.views import CREATE_TABLE
from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.load import LoadGenerator, Outcome, load_generator
from benchmarks.servers import WebServer, web_server
from benchmarks.summaries import percentile
from conversations.models import Message, WhatsAppUser
from sessions_app.services.channels import channel_save
from tests.fakes.webhooks import (
    cloud_api_change,
    cloud_api_envelope,
    new_wamid,
    signed_headers,
    text_message,
)

SECRET = "bench-secret"
PHONE_NUMBER_ID = "1001"
CUSTOMERS = 200
CONNECTIONS = (4, 16)
REQUESTS = 2000  # over each number of connections, in every round
QUICK_REQUESTS = 40
OURS, BARE = "botsite", "bare view"


def _figures(connections: int) -> tuple[Figure, Figure, Figure, Figure]:
    return (
        Figure(f"{connections} connections, throughput", "requests/s"),
        Figure(f"{connections} connections, p50", "ms"),
        Figure(f"{connections} connections, p99", "ms"),
        Figure(f"{connections} connections, web server's CPU", "ms/request"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookContender:
    """A web server that stores webhooks; `stored` tells how many of the given message ids it has stored."""

    name: str
    server: WebServer
    generator: LoadGenerator
    requests: int
    stored: Callable[[list[str]], int]

    def measure(self) -> Sample:
        sample: dict[Figure, float] = {}
        for connections in CONNECTIONS:
            # As if all had been answered: each customer's first message makes a turn due and wakes a worker.
            WhatsAppUser.objects.update(turn_due_at=None)
            webhooks = {new_wamid(): number % CUSTOMERS for number in range(self.requests)}
            cpu_seconds = -self.server.cpu_seconds()
            outcome = self._drive(webhooks, connections)
            cpu_seconds += self.server.cpu_seconds()
            values = (
                self.requests / outcome.seconds,
                percentile(outcome.latencies, 50) * 1000,
                percentile(outcome.latencies, 99) * 1000,
                cpu_seconds * 1000 / self.requests,
            )
            sample |= zip(_figures(connections), values, strict=True)
        return sample

    def _drive(self, webhooks: Mapping[str, int], connections: int) -> Outcome:
        """Send one webhook for each message id; all of them have to be stored."""
        requests = [_request(wamid, customer) for wamid, customer in webhooks.items()]
        outcome = self.generator.drive(self.server.port, requests, connections=connections)
        if set(outcome.statuses) != {200}:
            raise BenchError(f"{self.name} answered {sorted(set(outcome.statuses))} instead of 200")
        if lost := len(webhooks) - self.stored(list(webhooks)):
            raise BenchError(f"{self.name} acknowledged {lost} messages that it has not stored")
        return outcome


class WebhookBench:
    about = (
        f"signed webhook with a new message of one of {CUSTOMERS} customers to its durable 200, "
        "beside a bare Django view that verifies nothing and does one INSERT … ON CONFLICT"
    )
    # CPU time is the figure that a busy machine disturbs least.
    targets = (Target(figure=_figures(CONNECTIONS[-1])[-1], against=BARE, at_most=12),)

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        channel_save(slug="bench", kind="cloud_api", phone_number_id=PHONE_NUMBER_ID, app_secret=SECRET)
        with connection.cursor() as cursor:
            cursor.execute(CREATE_TABLE)
        requests = QUICK_REQUESTS if quick else REQUESTS
        with (
            load_generator() as generator,
            web_server("botsite.web:create_application", log=house.folder / "ours.log") as ours,
            web_server("benchmarks.bare.web:create_application", log=house.folder / "bare.log") as bare,
        ):
            yield (
                WebhookContender(
                    name=OURS, server=ours, generator=generator, requests=requests, stored=_messages_stored
                ),
                WebhookContender(
                    name=BARE, server=bare, generator=generator, requests=requests, stored=_bodies_stored
                ),
            )


def _request(wamid: str, customer: int) -> bytes:
    item = text_message("¿Tienen habitaciones para el viernes?", sender=f"52155500{customer:05}", wamid=wamid)
    body = cloud_api_envelope(cloud_api_change(phone_number_id=PHONE_NUMBER_ID, messages=[item]))
    headers = {"Host": "127.0.0.1", "Content-Length": len(body), **signed_headers(body, SECRET)}
    head = "\r\n".join(["POST /webhook/bench HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)])
    return head.encode() + b"\r\n\r\n" + body


def _messages_stored(wamids: list[str]) -> int:
    return Message.objects.filter(external_id__in=wamids).count()


def _bodies_stored(wamids: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bare_webhook WHERE id = ANY(%s)", [wamids])
        return int(cursor.fetchone()[0])


BENCH = WebhookBench()
