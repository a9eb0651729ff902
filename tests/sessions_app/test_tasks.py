"""What runs in the workers for sessions: the forwarder where there is a Laravel, and the cleaning."""

import threading
from datetime import timedelta

from celery.signals import worker_shutdown
from django.conf import settings as site
from django.utils import timezone
from pytest_django import Settings

from sessions_app import tasks
from sessions_app.models import Channel, ForwardBatch
from tests.fakes.laravel import FakeLaravel
from tests.sessions_app.services.builders import apply, status
from tests.sessions_app.services.fixtures import channel, told
from tests.sessions_app.services.forwarding import forward, make_due, send

__all__ = ("channel", "told")


def forwarder_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("forward-")}


def test_a_worker_forwards_from_its_start_to_its_end(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, status("active"))

    tasks.start_forwarder(sender=None)
    assert forwarder_threads() == {"forward-qr", "forward-status", "forward-urgent"}
    worker_shutdown.send(sender=None)

    assert forwarder_threads() == set()
    assert told.statuses() == {"s1": "active"}


def test_without_a_laravel_nothing_runs_and_nothing_is_noted(
    transactional_db: None, channel: Channel, settings: Settings
) -> None:
    settings.LARAVEL_API_URL = ""
    apply(channel, status("active"))

    tasks.start_forwarder(sender=None)
    assert forwarder_threads() == set()


def test_batches_that_are_days_old_are_deleted(told: FakeLaravel, channel: Channel) -> None:
    for session in ("s1", "s2"):
        apply(channel, status("active", session))
        make_due()
        send()
    old = forward("s1").batch
    assert old is not None
    ForwardBatch.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=3))

    assert tasks.clean_forward_batches() == {"deleted": 1}
    assert (forward("s1").batch, forward("s1").state) == (None, "delivered")
    assert forward("s2").batch is not None


def test_the_cleaning_is_scheduled() -> None:
    scheduled = {entry["task"] for entry in site.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.clean_forward_batches.name in scheduled
