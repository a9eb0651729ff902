"""The shop's Celery tasks."""

from celery import shared_task

from conversations.shop.services.sessions import cleanup_expired_sessions


@shared_task(name="shop.clean_sessions")
def clean_sessions() -> dict[str, int]:
    """Delete the customers' sessions that are over."""
    return {"expired": cleanup_expired_sessions()}
