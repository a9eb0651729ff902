"""What a real Prometheus adds up is what happened, though processes are killed on the way."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg2
import pytest

from tests.fakes import webhooks
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI
from tests.faults.client import PHONE_NUMBER_ID, SECRET
from tests.faults.fakes import wa_id
from tests.faults.stack import PROJECT, Addresses, Stack, running
from tests.faults.stores import Database, database, redis_server
from tests.monitoring.prometheus_server import PROGRAM, Prometheus, running_prometheus
from tests.processes import kill_and_wait, processes_about, wait_until

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(PROGRAM is None, reason="there is no prometheus here (apt install prometheus)"),
]

PART = 12
"""Messages before the kill, and as many after it: one to a user, so that each is a turn of its own."""
REPEATED = 5
ACCEPTED = 'sum(webhook_messages_total{result="accepted"})'
DUPLICATES = 'sum(webhook_messages_total{result="duplicate"})'
ANSWERED = 'turns_total{result="answered"}'
WEBHOOKS = 'sum(django_http_responses_total_by_status_view_method_total{view="webhook",status="200"})'
TOKENS = 'sum(ai_tokens_total{kind=~"input|output"})'

NEVER_FALLING = (
    "webhook_messages_total",
    "turns_total",
    "ai_tokens_total",
    "django_db_execute_total",
    "django_http_responses_total_by_status_view_method_total",
)


@dataclass
class House:
    """The product's processes, its database, and Prometheus looking at them."""

    stack: Stack
    database: Database
    prometheus: Prometheus
    posted: int = 0

    def post(self, numbers: range) -> None:
        """Post a webhook with one message for each number, every one on a connection of its own."""
        for number in numbers:
            item = webhooks.text_message("¿abren hoy?", sender=wa_id(number), wamid=f"wamid.{number}", at=1)
            change = webhooks.cloud_api_change(phone_number_id=PHONE_NUMBER_ID, messages=[item])
            body = webhooks.cloud_api_envelope(change)
            answer = httpx2.post(
                self.stack.url, content=body, headers=webhooks.signed_headers(body, SECRET), timeout=15
            )
            assert answer.status_code == 200
            self.posted += 1

    def comes_to(self, query: str, expected: float) -> None:
        """Wait until Prometheus knows it; more than that would not go away again."""
        wait_until(lambda: (self.prometheus.value(query) or 0) >= expected, seconds=60)
        assert self.prometheus.value(query) == expected

    def is_live(self) -> bool:
        self.stack.supervise()
        try:
            return httpx2.get(self.stack.url.replace("/webhook/shop", "/health/live")).status_code == 200
        except httpx2.TransportError:
            return False


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with (
        database(os.environ["DATABASE_URL"], f"test_scrape_{os.getpid()}") as store,
        redis_server(tmp_path) as cache,
        FakeGraph() as graph,
        FakeOpenAI() as model,
    ):
        addresses = Addresses(
            database=store.url,
            redis=f"redis://127.0.0.1:{cache.port}/0",
            model=model.base_url,
            graph=graph.url,
        )
        stack = Stack(PROJECT, tmp_path, addresses, workers=2, web_workers=2, environment={})
        with running(stack):
            printed = stack.manage("create_api_key", "--name", "prometheus", "--scope", "metrics:read")
            key = printed.splitlines()[-1]
            with running_prometheus(tmp_path, target=f"127.0.0.1:{stack.port}", key=key) as prometheus:
                yield House(stack, store, prometheus)


def test_sums_are_right_after_processes_were_killed(house: House) -> None:
    house.post(range(PART))
    house.post(range(REPEATED))
    house.comes_to(ACCEPTED, PART)
    house.comes_to(DUPLICATES, REPEATED)
    house.comes_to(ANSWERED, PART)
    house.comes_to(WEBHOOKS, house.posted)
    assert house.prometheus.value('count(up{job=~"botsite.*"} == 1)') == 2

    kill_and_wait(_web_process(house), _worker_process(house))
    wait_until(house.is_live, seconds=60)
    house.post(range(PART, 2 * PART))

    house.comes_to(ACCEPTED, 2 * PART)
    house.comes_to(ANSWERED, 2 * PART)
    house.comes_to(WEBHOOKS, house.posted)
    house.comes_to(DUPLICATES, REPEATED)
    house.comes_to(TOKENS, _tokens_in_the_books(house))
    for counter in NEVER_FALLING:
        seen = house.prometheus.samples(f"resets({counter}[10m])")
        assert {resets for _, resets in seen} == {0}, seen


def _web_process(house: House) -> int:
    """One of the processes that granian forked; they bear its command line."""
    mine = processes_about(f"--port {house.stack.port}")
    parents = {pid: _parent(pid) for pid in mine}
    return next(pid for pid, parent in parents.items() if parent in mine)


def _worker_process(house: House) -> int:
    found = processes_about(f"{house.stack._folder}/var")
    return next(pid for pid, command in found.items() if "-n w1@localhost" in command)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _tokens_in_the_books(house: House) -> int:
    with psycopg2.connect(house.database.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT sum(input_tokens + output_tokens) FROM conversations_run")
        return int(cursor.fetchone()[0])
