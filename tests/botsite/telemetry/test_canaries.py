"""A run of the whole site, good calls and bad ones, after which no log holds anything private."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.botsite.telemetry import canaries, canary_gateways
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
from tests.botsite.telemetry.canary_site import QUOTE, Fakes, Site, running_site
from tests.fakes import webhooks
from tests.fakes.behaviour import Behaviour
from tests.fakes.evolution import FakeEvolution
from tests.fakes.graph import FakeGraph
from tests.fakes.laravel import FakeLaravel
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.soap_inventory import FakeInventory
from tests.fakes.waha import FakeWaha
from tests.fakes.whapi import FakeWhapi, text_webhook
from tests.processes import wait_until

pytestmark = pytest.mark.stack

WAMID = "wamid.HBgMNTczMTE5ODc2NTAxFQIAEhgUM0EwMTIzNDU2Nzg5QUJDREVGMDEA"


@pytest.fixture
def site(
    tmp_path: Path,
    graph: FakeGraph,
    whapi: FakeWhapi,
    evolution: FakeEvolution,
    waha: FakeWaha,
    openai_fake: FakeOpenAI,
    laravel: FakeLaravel,
    inventory: FakeInventory,
) -> Iterator[Site]:
    fakes = Fakes(graph, whapi, evolution, waha, openai_fake, laravel, inventory)
    with running_site(tmp_path, fakes) as site:
        yield site


def test_no_log_of_a_whole_run_holds_anything_private(site: Site) -> None:
    _webhooks(site)
    _failures_outside(site)
    _interfaces(site)
    _pages(site)
    _tasks_that_fail(site)
    canary_gateways.messages(site)
    canary_gateways.sessions(site)
    canary_gateways.functions(site)
    wait_until(lambda: site.logged("conversations.run_turn") and site.logged("SECURITY_EVENT"), seconds=60)

    assert canaries.found_in(site.folder, site.key) == []
    rejected = (site.folder / "logs" / "rejections.log").read_text()
    assert "ValueError" in rejected
    assert "turns.py" in rejected


def test_a_request_can_be_followed_into_the_task_that_it_caused(site: Site) -> None:
    """The sweeper may answer before the task begins, which then says nothing: the customer writes again."""
    answers = (_answered(site, number) for number in range(10))
    events = next(events for events in answers if "THREAD_LOCK_RELEASED" in events)

    assert "HTTP_REQUEST" in events
    released = events["THREAD_LOCK_RELEASED"]
    assert {"task_id", "user_id"} <= released.keys()
    shown = site.stack.manage(
        "logs", "--category", "thread_lock_released", "--user", str(released["user_id"])
    )
    assert f"request_id={released['request_id']}" in shown


def _answered(site: Site, number: int) -> dict[str, dict[str, Any]]:
    """Write as the customer; returns what was logged with the request's id until the answer, by event."""
    sent = site.fakes.graph.sent
    request_id, before = f"traced-request-{number}", len(sent)
    message = webhooks.text_message(TEXT, sender=CUSTOMER)
    body = webhooks.cloud_api_envelope(webhooks.cloud_api_change(phone_number_id="1002", messages=[message]))
    headers = webhooks.signed_headers(body, APP_SECRET) | {"X-Request-ID": request_id}

    answer = site.web.post("/webhook/number", content=body, headers=headers)

    assert answer.headers["X-Request-ID"] == request_id
    assert site.fakes.graph.wait_for(lambda: len(sent) > before, seconds=60)
    wait_until(lambda: site.logged("THREAD_LOCK_RELEASED", times=number + 1))
    lines = [json.loads(line) for line in (site.folder / "logs/combined.log").read_text().splitlines()]
    return {line["event"]: line for line in lines if line.get("request_id") == request_id}


def _webhooks(site: Site) -> None:
    """Every provider, good and bad."""
    assert site.text(TEXT, wamid=WAMID) == 200
    assert site.fakes.graph.wait_for(lambda: bool(site.fakes.graph.sent), seconds=30)
    assert site.cloud(QUOTE.encode(), secret=SEARCH + "-secret") == 401
    assert site.cloud(QUOTE.encode()) == 400
    error = {"code": 131026, "title": QUOTE, "message": QUOTE, "error_data": {"details": QUOTE}}
    failed = webhooks.status(site.fakes.graph.sent[0].wamid, "failed", recipient=CUSTOMER, error=error)
    odd = {"from": CUSTOMER, "id": WAMID + "B", "type": "mystery", "mystery": QUOTE}
    change = webhooks.cloud_api_change(phone_number_id="1002", statuses=[failed], messages=[odd])
    assert site.cloud(webhooks.cloud_api_envelope(change)) == 200
    site.web.get("/webhook/number", params={"hub.mode": "subscribe", "hub.verify_token": ACCESS_TOKEN})

    assert site.phone(text_webhook(TEXT, sender=STRANGER, name=NAME)) == 200
    assert site.fakes.whapi.wait_for(lambda: bool(site.fakes.whapi.sent), seconds=30)
    assert site.phone({"messages": [{"from": STRANGER, "type": "mystery", "text": QUOTE}]}) == 200
    assert site.phone([QUOTE]) == 400
    assert site.phone([QUOTE], secret=PATH_SECRET + "wrong") == 401
    assert site.web.post(f"/webhook/{CUSTOMER}/{PATH_SECRET}", content=QUOTE).status_code == 404


def _failures_outside(site: Site) -> None:
    """Sends and models that fail and quote what they were sent, keys included."""
    for status in (400, 401, 429, 500):
        quoting = Behaviour(status=status, message=f"{QUOTE} {MODEL_KEY} Bearer {ACCESS_TOKEN}")
        site.fakes.model.behave(quoting)
        site.text(f"{TEXT} modelo {status}", sender=STRANGER)
    wait_until(lambda: site.logged("AI_PROVIDER_ERROR") or site.logged("PROCESSING_ERROR"), seconds=40)
    for server in (site.fakes.graph, site.fakes.whapi):
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
