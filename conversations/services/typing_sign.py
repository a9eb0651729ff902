"""The typing indicator that customers see while a model thinks: best effort, on a few threads of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from botsite.resilience.breaker import get_breaker
from botsite.telemetry.logging import get_logger
from conversations.services.turn import Turn
from sessions_app.models import Channel
from sessions_app.providers.registry import get_provider

AT_ONCE = 4

_places = threading.BoundedSemaphore(AT_ONCE)
_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="typing")
log = get_logger("turns")


def typing_show(turn: Turn) -> None:
    """Mark the turn's last message as read and show that an answer is being written; returns at once.

    Nobody waits for it: where many are answered at the same moment, some customers see no indicator.
    """
    external_id = turn.messages[-1].external_id
    if external_id and _places.acquire(blocking=False):
        _pool.submit(_show, turn.user.channel, external_id)


def _show(channel: Channel, external_id: str) -> None:
    try:
        account = channel.account()
        if not get_breaker(f"{account.kind}:{account.slug}").seems_open():
            get_provider(account.kind).show_typing(account, external_id)
    except Exception as error:
        log.warning("TYPING_NOT_SHOWN", error=type(error).__name__)
    finally:
        _places.release()
