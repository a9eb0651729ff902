"""Ids that tie log lines together: of requests, through the broker, to tasks."""

import logging

import pytest
import structlog
from celery import shared_task
from celery.signals import before_task_publish
from django.test import Client

from botsite.celery import app
from botsite.telemetry.request_context import current_request_id, request_id_for
from botsite.telemetry.task_context import REQUEST_ID
from tests.staff import administrator


@shared_task(name="tests.context")
def context() -> dict[str, object]:
    return dict(structlog.contextvars.get_contextvars())


def ended(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [r.msg for r in caplog.records if isinstance(r.msg, dict) and r.msg["event"] == "HTTP_REQUEST"]


@pytest.mark.parametrize("given", ["shop-2026-0001", "7c0ffee1-1234-4321-9876-0123456789ab"])
def test_a_sane_id_is_kept(given: str) -> None:
    assert request_id_for(given) == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "two words here", "line\nbreak-12345", "573003913251", "57-300-391-3251"]
)
def test_another_is_replaced(given: str) -> None:
    made = request_id_for(given)

    assert made != given
    assert len(made) == 32


@pytest.mark.django_db
def test_the_answer_bears_the_id_and_the_log_route_status_and_staff(caplog: pytest.LogCaptureFixture) -> None:
    client = administrator()
    with caplog.at_level(logging.INFO):
        answer = client.get("/admin/auth/user/?q=573003913251", headers={"x-request-id": "asked-by-shop"})

    [line] = ended(caplog)
    assert answer.headers["X-Request-ID"] == line["request_id"] == "asked-by-shop"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/admin/auth/user/", 200)
    assert line["staff_id"]
    assert current_request_id() == ""


@pytest.mark.django_db
def test_probes_leave_no_line_and_unknown_addresses_no_path(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Client().get("/health/live")
        Client().get("/nowhere/573003913251")

    [line] = ended(caplog)
    assert (line["route"], line["status"]) == ("none", 404)


def test_a_task_has_the_id_of_its_request_and_its_own_and_forgets_them() -> None:
    seen = app.tasks["tests.context"].apply(headers={REQUEST_ID: "asked-by-shop"}, task_id="task-1").get()

    assert seen == {"task_id": "task-1", "task": "tests.context", "request_id": "asked-by-shop"}
    assert structlog.contextvars.get_contextvars() == {}


def test_what_a_request_publishes_bears_its_id() -> None:
    headers: dict[str, object] = {}
    with structlog.contextvars.bound_contextvars(request_id="asked-by-shop"):
        before_task_publish.send(sender="tests.context", headers=headers)

    assert headers == {REQUEST_ID: "asked-by-shop"}
