"""The Celery application: `celery -A botsite worker -P threads` and `celery -A botsite beat`."""

import os

from celery import Celery
from celery.signals import beat_init, import_modules, worker_init
from django.conf import settings
from kombu.transport.redis import Channel

from botsite.postgres.limits import serve
from botsite.telemetry import task_context
from botsite.telemetry.host_metrics import host_metrics_share
from botsite.telemetry.logging import log_unhandled_exceptions
from botsite.telemetry.meter import install_meter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botsite.settings")


@import_modules.connect
def share_host_metrics(sender: object, **_kwargs: object) -> None:
    """Worker and beat send this before anything else; connected before Celery's own, which sets up Django."""
    host_metrics_share(settings.VAR_DIR)


app = Celery("botsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
task_context.connect()

# Given back to a Redis that is gone, unfinished hints end the whole worker (kombu 5.7: AttributeError in
# QoS.restore_unacked_once); nobody needs them back.
Channel.do_restore = False


@worker_init.connect
def measure(sender: object, **_kwargs: object) -> None:
    """Count in worker processes; beat and the web processes, which import this too, are not meant."""
    install_meter()
    log_unhandled_exceptions()


@worker_init.connect
@beat_init.connect
def hurry(sender: object, **_kwargs: object) -> None:
    """Let no thread of a worker, nor beat, wait for a database that says nothing."""
    serve(settings.DATABASE_STATEMENT_SECONDS)


@beat_init.connect
def watch_beat(sender: object, **_kwargs: object) -> None:
    log_unhandled_exceptions()
