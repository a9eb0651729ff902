"""A run of the whole site, good calls and bad ones, after which no log holds anything private."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.botsite.telemetry import canaries
from tests.botsite.telemetry.canaries import (
    ACCESS_TOKEN,
    APP_SECRET,
    CUSTOMER,
    MODEL_KEY,
    NAME,
    PASSWORD,
    PATH_SECRET,
    SEARCH,
    STRANGER,
    TEXT,
    WRONG_KEY,
)
from tests.fakes import webhooks
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.whapi import FakeWhapi, text_webhook
from tests.faults.stack import PROJECT, Addresses, Stack, running
from tests.faults.stores import database, redis_server
from tests.processes import wait_until

pytestmark = pytest.mark.stack

QUOTE = f"{NAME} ({CUSTOMER}, +57 311 987 6501): {TEXT}"
WAMID = "wamid.HBgMNTczMTE5ODc2NTAxFQIAEhgUM0EwMTIzNDU2Nzg5QUJDREVGMDEA"
SCOPES = ("messages:write", "messages:read", "users:read", "users:write")


@dataclass
class Site:
    """The running site with a number and a linked phone, and everything around it."""

    stack: Stack
    graph: FakeGraph
    whapi: FakeWhapi
    model: FakeOpenAI
    folder: Path
    key: str
    web: httpx2.Client

    def cloud(self, body: bytes, *, secret: str = APP_SECRET) -> int:
        headers = webhooks.signed_headers(body, secret)
        return self.web.post("/webhook/number", content=body, headers=headers).status_code

    def text(self, text: str, *, sender: str = CUSTOMER, wamid: str = "") -> int:
        message = webhooks.text_message(text, sender=sender, wamid=wamid)
        change = webhooks.cloud_api_change(phone_number_id="1002", messages=[message], profile_name=NAME)
        return self.cloud(webhooks.cloud_api_envelope(change))

    def phone(self, body: object, *, secret: str = PATH_SECRET) -> int:
        return self.web.post(f"/webhook/phone/{secret}?hint={SEARCH}", json=body).status_code

    def api(self, method: str, path: str, body: object = None, *, key: str = "") -> int:
        headers = {"X-Api-Key": key or self.key, "Idempotency-Key": uuid.uuid4().hex}
        return self.web.request(method, path, json=body, headers=headers).status_code

    def logged(self, event: str) -> bool:
        return event in (self.folder / "logs" / "application.log").read_text()


@pytest.fixture
def site(tmp_path: Path, graph: FakeGraph, whapi: FakeWhapi, openai_fake: FakeOpenAI) -> Iterator[Site]:
    with ExitStack() as opened:
        store = opened.enter_context(database(os.environ["DATABASE_URL"], f"canary_{uuid.uuid4().hex[:8]}"))
        redis = opened.enter_context(redis_server(tmp_path))
        addresses = Addresses(
            database=store.url,
            redis=f"redis://127.0.0.1:{redis.port}/0",
            model=openai_fake.base_url,
            graph=graph.url,
        )
        quick = {"BUFFER_SECONDS": "0", "WORKER_THREADS": "4", "LOG_TO": "both"}
        stack = opened.enter_context(
            running(Stack(PROJECT, tmp_path, addresses, workers=1, environment=quick))
        )
        _make_channels(stack, graph.url, whapi.url)
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        key = stack.manage("create_api_key", "--name", "shop", *scopes).split()[-1]
        login = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "DJANGO_SUPERUSER_EMAIL": "canaria@example.org"}
        stack.manage("createsuperuser", "--noinput", "--username", "boss", **login)
        base = f"http://127.0.0.1:{stack.port}"
        web = opened.enter_context(httpx2.Client(base_url=base, timeout=30))
        yield Site(stack, graph, whapi, openai_fake, tmp_path, key, web)


def _make_channels(stack: Stack, graph: str, whapi: str) -> None:
    secrets = ("--access-token", ACCESS_TOKEN, "--app-secret")
    number = ("--phone-number-id", "1002", "--base-url", graph)
    stack.manage("create_channel", "--slug", "number", "--kind", "cloud_api", *secrets, APP_SECRET, *number)
    phone = ("--base-url", whapi)
    stack.manage("create_channel", "--slug", "phone", "--kind", "whapi", *secrets, PATH_SECRET, *phone)


def test_no_log_of_a_whole_run_holds_anything_private(site: Site) -> None:
    _webhooks(site)
    _failures_outside(site)
    _interfaces(site)
    _pages(site)
    _tasks_that_fail(site)
    wait_until(lambda: site.logged("conversations.run_turn") and site.logged("SECURITY_EVENT"), seconds=60)

    assert canaries.found_in(site.folder, site.key) == []
    rejected = (site.folder / "logs" / "rejections.log").read_text()
    assert "ValueError" in rejected
    assert "turns.py" in rejected


def test_a_request_can_be_followed_into_the_task_that_it_caused(site: Site) -> None:
    message = webhooks.text_message(TEXT, sender=CUSTOMER)
    body = webhooks.cloud_api_envelope(webhooks.cloud_api_change(phone_number_id="1002", messages=[message]))
    headers = webhooks.signed_headers(body, APP_SECRET) | {"X-Request-ID": "traced-request-1"}

    answer = site.web.post("/webhook/number", content=body, headers=headers)

    assert answer.headers["X-Request-ID"] == "traced-request-1"
    assert site.graph.wait_for(lambda: bool(site.graph.sent), seconds=30)
    wait_until(lambda: site.logged("THREAD_LOCK_RELEASED"))
    lines = [json.loads(line) for line in (site.folder / "logs/combined.log").read_text().splitlines()]
    ours = [line for line in lines if line.get("request_id") == "traced-request-1"]
    assert {"HTTP_REQUEST", "CONVERSATION_STARTED", "THREAD_LOCK_RELEASED"} <= {
        line["event"] for line in ours
    }
    released = next(line for line in ours if line["event"] == "THREAD_LOCK_RELEASED")
    assert {"task_id", "user_id"} <= released.keys()
    shown = site.stack.manage(
        "logs", "--category", "thread_lock_released", "--user", str(released["user_id"])
    )
    assert "request_id=traced-request-1" in shown


def _webhooks(site: Site) -> None:
    """Every provider, good and bad."""
    assert site.text(TEXT, wamid=WAMID) == 200
    assert site.graph.wait_for(lambda: bool(site.graph.sent), seconds=30)
    assert site.cloud(QUOTE.encode(), secret=SEARCH + "-secret") == 401
    assert site.cloud(QUOTE.encode()) == 400
    error = {"code": 131026, "title": QUOTE, "message": QUOTE, "error_data": {"details": QUOTE}}
    failed = webhooks.status(site.graph.sent[0].wamid, "failed", recipient=CUSTOMER, error=error)
    odd = {"from": CUSTOMER, "id": WAMID + "B", "type": "mystery", "mystery": QUOTE}
    change = webhooks.cloud_api_change(phone_number_id="1002", statuses=[failed], messages=[odd])
    assert site.cloud(webhooks.cloud_api_envelope(change)) == 200
    site.web.get("/webhook/number", params={"hub.mode": "subscribe", "hub.verify_token": ACCESS_TOKEN})

    assert site.phone(text_webhook(TEXT, sender=STRANGER, name=NAME)) == 200
    assert site.whapi.wait_for(lambda: bool(site.whapi.sent), seconds=30)
    assert site.phone({"messages": [{"from": STRANGER, "type": "mystery", "text": QUOTE}]}) == 200
    assert site.phone([QUOTE]) == 400
    assert site.phone([QUOTE], secret=PATH_SECRET + "wrong") == 401
    assert site.web.post(f"/webhook/{CUSTOMER}/{PATH_SECRET}", content=QUOTE).status_code == 404


def _failures_outside(site: Site) -> None:
    """Sends and models that fail and quote what they were sent, keys included."""
    for status in (400, 401, 429, 500):
        quoting = Behaviour(status=status, message=f"{QUOTE} {MODEL_KEY} Bearer {ACCESS_TOKEN}")
        site.model.behave(quoting)
        site.text(f"{TEXT} modelo {status}", sender=STRANGER)
    wait_until(lambda: site.logged("AI_PROVIDER_ERROR") or site.logged("PROCESSING_ERROR"), seconds=40)
    for server in (site.graph, site.whapi):
        server.behave(Behaviour(status=400, code=100, message=f"{QUOTE} {ACCESS_TOKEN}"))
        server.behave(Behaviour(drop="after"))
    site.text(f"{TEXT} envío")
    site.phone(text_webhook(f"{TEXT} envío", sender=CUSTOMER, name=NAME))
    wait_until(lambda: site.logged("SEND_NOT_ACCEPTED"), seconds=40)


def _interfaces(site: Site) -> None:
    """The API with good keys and bad, numbers in its paths, texts in its bodies."""
    message = {"channel": "number", "to": CUSTOMER, "text": TEXT}
    assert site.api("POST", "/api/messages", message) == 202
    assert site.api("POST", "/api/messages", {**message, "to": [QUOTE]}) in (400, 422)
    assert site.api("POST", "/api/messages", message, key=WRONG_KEY) == 401
    assert site.api("GET", f"/api/messages?user={CUSTOMER}&state={SEARCH}") in (200, 400, 422)
    for path in ("", "/messages"):
        site.api("GET", f"/api/users/{CUSTOMER}{path}")
    site.api("POST", f"/api/users/{STRANGER}/pause")
    site.api("POST", "/update-user", {"userId": CUSTOMER, "changes": [QUOTE]})
    site.api("GET", f"/nowhere/{CUSTOMER}/{PATH_SECRET}?token={ACCESS_TOKEN}")


def _pages(site: Site) -> None:
    """The admin: a wrong password, a right one, searches for a number."""
    page = "/admin/login/"
    for password in (PASSWORD + "-wrong", PASSWORD):
        site.web.get(page)
        form = {"username": f"boss{'' if password == PASSWORD else CUSTOMER}", "password": password}
        token = site.web.cookies["csrftoken"]
        answer = site.web.post(page, data=form | {"csrfmiddlewaretoken": token, "next": "/admin/"})
    assert answer.status_code == 302
    for model in ("whatsappuser", "message", "thread", "run"):
        shown = site.web.get(f"/admin/conversations/{model}/", params={"q": f"{CUSTOMER} {SEARCH}"})
        assert shown.status_code == 200
    site.web.get(f"/admin/conversations/message/{CUSTOMER}/change/")
    site.web.post("/admin/conversations/message/", data={"action": QUOTE})


def _tasks_that_fail(site: Site) -> None:
    """A task whose exception quotes its argument."""
    words = json.dumps(f"{QUOTE} {MODEL_KEY}")
    code = f"from botsite.celery import app; app.send_task('conversations.run_turn', args=[{words}])"
    site.stack.manage("shell", "-c", code)
