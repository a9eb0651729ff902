"""Models that are out of order, and well again, as their circuits see it."""

from django_redis import get_redis_connection

from botsite.resilience.breaker import get_breaker
from conversations.services import circuits


def open_circuit(*providers: str) -> None:
    """Let the circuits of the providers open, as five failures in a row do."""
    for name in providers:
        for _ in range(5):
            circuits.circuit(name).admit().failed()


def rest_is_over(*providers: str) -> None:
    """Let the time be gone for which the circuits stay open: the next call is the probe."""
    for name in providers:
        get_redis_connection("default").hset(f"botsite:breaker:{circuits.PREFIX}{name}", "retry_at", 0)
    get_breaker.cache_clear()
