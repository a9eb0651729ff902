"""What beat triggers and staff order is a task that workers know."""

from typing import Any

import pytest
from celery import Celery
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from botsite.celery import app
from conversations.models import Thread
from conversations.services import summaries
from conversations.services.threads import open_thread
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.staff import administrator, signed_in


@pytest.fixture
def celery_app() -> Celery:
    app.loader.import_default_modules()
    return app


def test_all_that_beat_triggers_is_known_to_workers(celery_app: Celery, settings: Settings) -> None:
    schedule = celery_app.conf.beat_schedule

    assert schedule["clean-threads"]["schedule"] == settings.CLEANUP_INTERVAL == 3600
    assert {entry["task"] for entry in schedule.values()} <= set(celery_app.tasks)


def test_staff_order_the_summary_of_chosen_threads(celery_app: Celery, channel: Channel) -> None:
    thread = open_thread(receive(channel, "hola"))

    page = _order(administrator(), thread)

    assert "The open threads are being summarised." in page
    assert _published_arguments(celery_app, summaries.CLEAN_THREADS) == [[thread.pk]]


def test_who_may_only_look_cannot_order_it(channel: Channel) -> None:
    thread = open_thread(receive(channel, "hola"))

    page = _order(signed_in("conversations.view_thread"), thread)

    assert "being summarised" not in page


def test_staff_are_told_when_the_broker_is_away(
    channel: Channel, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = open_thread(receive(channel, "hola"))
    with Celery(broker="redis://127.0.0.1:1/0", set_as_current=False) as unreachable:
        unreachable.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        monkeypatch.setattr("conversations.services.summaries.app", unreachable)
        page = _order(administrator(), thread)

    assert "The workers cannot be reached" in page


def _published_arguments(celery_app: Celery, task: str) -> Any:
    """Take what waits at the broker (wake-ups are among it) until a message of `task` comes."""
    with celery_app.connection_for_read() as connection:
        waiting = connection.SimpleQueue(celery_app.conf.task_default_queue)
        while True:
            message = waiting.get(timeout=2)
            message.ack()
            if message.headers["task"] == task:
                return message.payload[0]


def _order(client: Client, thread: Thread) -> str:
    response = client.post(
        reverse("admin:conversations_thread_changelist"),
        {"action": "clean", "_selected_action": [thread.pk]},
        follow=True,
    )
    return response.content.decode()
