"""How long each provider takes, as this process sees it: a mean in which the latest calls weigh most."""

from collections.abc import Mapping

WEIGHT = 0.2
"""What the latest call weighs: after ten calls a tenth of the mean is older than they are."""

_seconds: dict[str, float] = {}


def note(provider: str, seconds: float) -> None:
    """Count a call that brought a reply. Of two threads at once one may be left out: it is a mean."""
    earlier = _seconds.get(provider)
    _seconds[provider] = seconds if earlier is None else earlier + WEIGHT * (seconds - earlier)


def measured() -> Mapping[str, float]:
    """Return the mean seconds of a call by provider; whoever was not asked yet is not among them."""
    return dict(_seconds)


def forget() -> None:
    """Begin anew."""
    _seconds.clear()
