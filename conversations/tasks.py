"""Celery tasks: hints that make things quick. What they miss, the sweeper finds."""

from celery import shared_task
from celery.signals import worker_init, worker_shutdown

from conversations.services import enrichment, outbox, summaries, turns, wakeups
from conversations.services.sweeper import Sweeper


@shared_task(name=wakeups.RUN_TURN)
def run_turn(user_id: int) -> None:
    """Answer what waits for this user."""
    turns.run_turn(user_id)


@shared_task(name=wakeups.DELIVER)
def deliver(user_id: int) -> None:
    """Send what is due for this user."""
    outbox.deliver_user(user_id)


@shared_task(name=wakeups.ENRICH)
def enrich_profile(user_id: int) -> None:
    """Fetch this user's name and labels."""
    enrichment.enrich(user_id)


@shared_task(name=summaries.CLEAN_THREADS)
def clean_threads(thread_ids: list[int] | None = None) -> dict[str, int]:
    """Summarise the threads that have grown too long, or the given ones."""
    return summaries.clean_threads(thread_ids)


@worker_init.connect
def start_sweeper(sender: object, **_kwargs: object) -> None:
    """Start the sweeper before the worker connects to the broker, so that it needs none."""
    sweeper = Sweeper()
    sweeper.start()
    worker_shutdown.connect(lambda **_kwargs: sweeper.stop(), weak=False)
