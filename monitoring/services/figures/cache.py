"""The layers of the cache: what was looked up, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass

from botsite.caching import LAYERS, Layer
from monitoring.services.frame import Frame

LOOKUPS = "cache_requests_total"
LEVELS = ("process", "redis")


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """One layer. A look-up that misses in the process and hits in Redis is a hit."""

    name: str
    hits: float
    misses: float
    errors: float

    @property
    def lookups(self) -> float:
        return self.hits + self.misses

    @property
    def hit_percent(self) -> float:
        return 100 * self.hits / self.lookups


def layers(frame: Frame) -> list[LayerFigures]:
    """Return the layers that were asked in the frame's window, the busiest first."""
    found = {
        (level, result): frame.totals_by(LOOKUPS, "layer", level=level, result=result)
        for level in LEVELS
        for result in ("hit", "miss", "error")
    }

    asked = [figures for layer in LAYERS.values() if (figures := _figures(layer, found)).lookups]
    return sorted(asked, key=lambda figures: -figures.lookups)


def _figures(layer: Layer, found: Mapping[tuple[str, str], Mapping[str, float]]) -> LayerFigures:
    def of(level: str, result: str) -> float:
        return found[level, result].get(layer.name, 0.0)

    return LayerFigures(
        name=layer.name,
        hits=sum(of(level, "hit") for level in LEVELS),
        misses=of("redis" if layer.in_redis else "process", "miss"),
        errors=sum(of(level, "error") for level in LEVELS),
    )
