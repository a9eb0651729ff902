"""How often circuit breakers opened by themselves."""

from dataclasses import dataclass

from conversations.services.circuits import PREFIX
from monitoring.services.frame import Frame

TRIPS = "circuit_trips_total"


@dataclass(frozen=True, slots=True)
class Trips:
    """Those of the models' providers, and of all else: channels, Laravel, the inventory. None: not known."""

    models: float | None
    others: float | None


def trips(frame: Frame) -> Trips:
    """Return the trips of the frame's window."""
    total = frame.total(TRIPS)
    if total is None:
        return Trips(None, None)
    models = sum(count for name, count in frame.totals_by(TRIPS, "name").items() if name.startswith(PREFIX))
    return Trips(models, total - models)
