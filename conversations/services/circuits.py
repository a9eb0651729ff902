"""The circuit breakers of the model providers: one each, whichever of its models is asked."""

from collections.abc import Iterable

from django.conf import settings

from botsite.resilience.breaker import Breaker, Policy, State, get_breaker

PREFIX = "llm:"
PROBE_MARGIN_SECONDS = 15.0


def circuit(provider: str) -> Breaker:
    """Return the circuit of the provider of that name.

    A probe holds its lease for longer than a call may take: whoever is still waiting is not taken for dead.
    """
    longest_call = settings.LLM_TIMEOUT_SECONDS + PROBE_MARGIN_SECONDS
    return get_breaker(f"{PREFIX}{provider}", Policy(probe_seconds=max(longest_call, Policy().probe_seconds)))


def is_resting(provider: str) -> bool:
    """Whether the provider is not to be asked now."""
    return circuit(provider).seems_open()


def are_down(providers: Iterable[str]) -> bool:
    """Whether no provider's circuit is closed."""
    return all(circuit(name).state() is not State.CLOSED for name in providers)


def any_has_closed(providers: Iterable[str]) -> bool:
    """Whether a provider's circuit is closed at this moment, whatever was known of it before."""
    return any(circuit(name).state(ask=True) is State.CLOSED for name in providers)


def retry_seconds(providers: Iterable[str]) -> float | None:
    """Return in how many seconds the first of the providers may be asked; None: there is no provider."""
    return min((circuit(name).retry_after() for name in providers), default=None)


def outage_seconds(providers: Iterable[str]) -> float:
    """Return for how long no provider's circuit has been closed; 0 where there is no provider."""
    return min((circuit(name).open_seconds() for name in providers), default=0.0)
