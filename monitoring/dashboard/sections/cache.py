"""The cache by layer, and the customers' visits to the shop."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from botsite.caching import LAYERS, Layer
from monitoring.charts import Tone, Unit
from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.sections.panels import Panel, line_panel
from monitoring.dashboard.tiles import Tile, count_text, measured
from monitoring.services.series import Frame

METRIC = "cache_requests_total"
LEVELS = ("process", "redis")


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer: look-ups, the part that found something (also as the width of a bar), and failures."""

    name: str
    looked: str
    rate: str
    width: str
    errors: str


def layer_rows(frame: Frame) -> list[LayerRow]:
    """Return the layers that were asked, the busiest first."""
    counts = _counts(frame)
    found = [(_looked(layer, counts), layer) for layer in LAYERS.values()]
    busy = sorted((pair for pair in found if sum(pair[0])), key=lambda pair: -sum(pair[0]))
    return [_row(layer, hits, misses, counts) for (hits, misses), layer in busy]


def shop_tiles(figures: Figures, links: Links) -> list[Tile]:
    """Return who is in the shop now, and what came of it in the range."""
    stored, session = figures.stored.counts, "shop.customersession"
    now = figures.window.until.isoformat()
    return [
        Tile(
            _("Shopping now"),
            count_text(stored["sessions"]),
            _("sessions that are open"),
            links.rows(session, closed_at__isnull=True, expires_at__gt=now),
        ),
        Tile(
            _("Carts being filled"),
            count_text(stored["carts"]),
            url=links.rows(session, state__exact="cart", closed_at__isnull=True, expires_at__gt=now),
        ),
        measured(_("Sessions expired"), figures.frame.total("shop_sessions_expired_total"), Unit.COUNT),
        Tile(
            _("Orders"),
            count_text(stored["orders"]),
            url=links.rows("shop.order", placed_at__gte=figures.since.isoformat()),
        ),
    ]


def session_panel(figures: Figures, step: timedelta) -> Panel:
    points = figures.frame.gauge_points("active_shop_sessions", step)
    return line_panel("sessions", _("Shopping sessions"), [(_("open"), Tone.FIRST, points)], step, Unit.COUNT)


def _counts(frame: Frame) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for level in LEVELS:
        for result in ("hit", "miss", "error"):
            for name, count in frame.totals_by(METRIC, "layer", level=level, result=result).items():
                counts[name, level, result] = int(count)
    return counts


def _looked(layer: Layer, counts: Counter[tuple[str, str, str]]) -> tuple[int, int]:
    """Return hits and misses. A look-up that misses in the process and hits in Redis is a hit."""
    last = "redis" if layer.in_redis else "process"
    return sum(counts[layer.name, level, "hit"] for level in LEVELS), counts[layer.name, last, "miss"]


def _row(layer: Layer, hits: int, misses: int, counts: Counter[tuple[str, str, str]]) -> LayerRow:
    percent = hits / (hits + misses) * 100
    errors = sum(counts[layer.name, level, "error"] for level in LEVELS)
    return LayerRow(
        layer.name,
        Unit.COUNT.text(hits + misses),
        Unit.PERCENT.text(percent),
        f"{percent:.1f}",
        Unit.COUNT.text(errors) if errors else "",
    )
