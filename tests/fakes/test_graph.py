import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.webhooks import sign

ROOT = Path(__file__).resolve().parents[2]


def body(text: object = "hola", **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": "57300", "type": "text", "text": {"body": text}, **more}


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(headers={"Authorization": "Bearer t"}, trust_env=False) as client:
        yield client


def post(http: httpx2.Client, graph_url: str, payload: object) -> httpx2.Response:
    return http.post(f"{graph_url}/v25.0/42/messages", json=payload)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        body(to=""),
        body(text=""),
        body(text="x" * 4097),
        body(messaging_product="sms"),
        body(type="hologram"),
        body(biz_opaque_callback_data="x" * 513),
        body(context={}),
        {**body(), "type": "template", "template": {"name": "welcome"}},
    ],
)
def test_a_wrong_body_is_refused_like_graph_does(
    http: httpx2.Client, graph: FakeGraph, wrong: dict[str, Any]
) -> None:
    reply = post(http, graph.url, wrong)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, 100)
    assert graph.sent == []


def test_a_wrong_token_is_refused(http: httpx2.Client, graph: FakeGraph) -> None:
    graph.configure(token="other")
    reply = post(http, graph.url, body())
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, 190)


def test_behaviours_wait_in_line_and_a_standing_one_stays(http: httpx2.Client, graph: FakeGraph) -> None:
    graph.behave(Behaviour(status=500, code=131000))
    graph.behave(Behaviour(status=429, code=4, times=2))
    graph.behave(Behaviour(status=503, code=2, times=None))
    assert [post(http, graph.url, body()).status_code for _ in range(6)] == [500, 429, 429, 503, 503, 503]
    graph.reset()
    assert post(http, graph.url, body()).status_code == 200


def test_statuses_come_back_signed_with_the_callback_data(http: httpx2.Client, graph: FakeGraph) -> None:
    with FakeWebhookReceiver() as receiver:
        graph.configure(webhook_url=f"{receiver.url}/webhook/shop", app_secret="s", status_delay=0.01)
        wamid = post(http, graph.url, body(biz_opaque_callback_data="c-1")).json()["messages"][0]["id"]
        assert receiver.wait_for(lambda: len(receiver.bodies) == 3)
    statuses = [
        json.loads(raw)["entry"][0]["changes"][0]["value"]["statuses"][0] for raw, _ in receiver.bodies
    ]
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert {(s["id"], s["biz_opaque_callback_data"], s["recipient_id"]) for s in statuses} == {
        (wamid, "c-1", "57300")
    }
    assert all(signature == sign(raw, "s") for raw, signature in receiver.bodies)


class FakeWebhookReceiver(FakeGraph):
    """Takes any POST and keeps its body and signature."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[tuple[bytes, str]] = []

    def operation(self, request: Any) -> str:
        return "send"

    def accept(self, operation: str, request: Any) -> Any:
        with self.changed:
            self.bodies.append((request.body, request.headers["x-hub-signature-256"]))
            self.changed.notify_all()
        return self.refuse(200, 0, "taken")


def test_runs_alone_and_is_steered_over_http(http: httpx2.Client) -> None:
    command = [sys.executable, "-m", "tests.fakes.graph", "--port", "0", "--settings", '{"token": "t"}']
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout
    with process, process.stdout as output:
        url = output.readline().strip()
        control = f"{url}/__control"
        assert http.post(f"{control}/behave", json={"status": 500, "code": 2}).status_code == 200
        assert http.post(f"{control}/behave", json={"mood": "bad"}).status_code == 400
        assert [post(http, url, body(text)).status_code for text in ("one", "two")] == [500, 200]
        assert [sent["text"] for sent in http.get(f"{control}/sent").json()] == ["two"]
        assert [record["status"] for record in http.get(f"{control}/requests").json()] == [500, 200]
        http.post(f"{control}/reset")
        assert http.get(f"{control}/requests").json() == []
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - started < 3
