"""The webhook behind the shipped nginx site, with and without 200 connections that drip a byte a second."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.load import LoadGenerator, load_generator
from benchmarks.servers import web_server
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
from tests.safety.dripping import dripping
from tests.safety.nginx import PROGRAM, nginx

SECRET = "bench-secret"
PHONE_NUMBER_ID = "1002"
CUSTOMERS = 200
DRIPPING = 200
CONNECTIONS = 8
REQUESTS, QUICK_REQUESTS = 1500, 40
P50, P99 = Figure("webhook, p50", "ms"), Figure("webhook, p99", "ms")
THROUGHPUT = Figure("webhook, throughput", "requests/s")
DISTURBED, ALONE = f"{DRIPPING} dripping", "nobody else"


@dataclass(frozen=True, slots=True, kw_only=True)
class DripContender:
    """Signed webhooks through nginx at `port`, while `dripping` connections are open."""

    name: str
    port: int
    generator: LoadGenerator
    requests: int
    dripping: int

    def measure(self) -> Sample:
        WhatsAppUser.objects.update(turn_due_at=None)
        wamids = [new_wamid() for _ in range(self.requests)]
        requests = [_request(wamid, number % CUSTOMERS) for number, wamid in enumerate(wamids)]
        with ExitStack() as stack:
            if self.dripping:
                stack.enter_context(dripping(self.port, connections=self.dripping))
            outcome = self.generator.drive(self.port, requests, connections=CONNECTIONS)
        if set(outcome.statuses) != {200}:
            raise BenchError(f"{self.name}: answered {sorted(set(outcome.statuses))} instead of 200")
        if Message.objects.filter(external_id__in=wamids).count() != len(wamids):
            raise BenchError(f"{self.name}: acknowledged messages that are not stored")
        return {
            P50: percentile(outcome.latencies, 50) * 1000,
            P99: percentile(outcome.latencies, 99) * 1000,
            THROUGHPUT: self.requests / outcome.seconds,
        }


class DripBench:
    about = f"signed webhook through nginx, with {DRIPPING} connections dripping a body and without"
    targets = (Target(figure=P99, against=ALONE, at_most=2),)

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        if PROGRAM is None and not quick:
            raise BenchError("this bench needs nginx (Debian: nginx-light)")
        channel_save(slug="drip", kind="cloud_api", phone_number_id=PHONE_NUMBER_ID, app_secret=SECRET)
        requests = QUICK_REQUESTS if quick else REQUESTS
        with (
            load_generator() as generator,
            web_server("botsite.web:create_application", log=house.folder / "drip.log") as web,
            _edge(house, web.port) as port,
        ):
            slow = DRIPPING if PROGRAM else 0  # the web server alone would stand still
            yield tuple(
                DripContender(name=name, port=port, generator=generator, requests=requests, dripping=number)
                for name, number in ((DISTURBED, slow), (ALONE, 0))
            )


@contextmanager
def _edge(house: House, upstream: int) -> Iterator[int]:
    """Yield nginx's port, or the web server's own where there is no nginx."""
    if PROGRAM is None:
        yield upstream
        return
    with nginx(house.folder, upstream=upstream) as edge:
        yield edge.plain


def _request(wamid: str, customer: int) -> bytes:
    item = text_message("¿Tienen habitaciones?", sender=f"52155500{customer:05}", wamid=wamid)
    body = cloud_api_envelope(cloud_api_change(phone_number_id=PHONE_NUMBER_ID, messages=[item]))
    headers = {"Host": "127.0.0.1", "Content-Length": len(body), **signed_headers(body, SECRET)}
    head = "\r\n".join(["POST /webhook/drip HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)])
    return head.encode() + b"\r\n\r\n" + body


BENCH = DripBench()
