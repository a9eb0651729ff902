"""The cache by layer, and the customers' visits to the shop."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from monitoring.charts import Tone, Unit
from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.sections.panels import Panel, line_panel
from monitoring.dashboard.tiles import Tile, count_text, measured, minutes_text
from monitoring.services.figures.cache import layers
from monitoring.services.figures.shop_sessions import shop_sessions
from monitoring.services.series import Frame


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
    return [
        LayerRow(
            layer.name,
            Unit.COUNT.text(layer.lookups),
            Unit.PERCENT.text(layer.hit_percent),
            f"{layer.hit_percent:.1f}",
            Unit.COUNT.text(layer.errors) if layer.errors else "",
        )
        for layer in layers(frame)
    ]


def shop_tiles(figures: Figures, links: Links) -> list[Tile]:
    """Return who is in the shop now, and what came of it in the range."""
    stored, session = figures.stored.counts, "shop.customersession"
    over = shop_sessions(figures.frame)
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
        measured(_("Sessions expired"), over.expired, Unit.COUNT),
        Tile(_("Time in the shop, mean"), minutes_text(over.mean_seconds), _("sessions that are over")),
        Tile(
            _("Orders"),
            count_text(stored["orders"]),
            url=links.rows("shop.order", placed_at__gte=figures.since.isoformat()),
        ),
    ]


def session_panel(figures: Figures, step: timedelta) -> Panel:
    points = figures.frame.gauge_points("active_shop_sessions", step)
    return line_panel("sessions", _("Shopping sessions"), [(_("open"), Tone.FIRST, points)], step, Unit.COUNT)
