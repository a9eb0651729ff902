"""Devices, what is on its way to Laravel, and what is on its way in and out."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.tiles import Tile, count_text, needing
from sessions_app.models import ForwardKind

FORWARD = "sessions_app.forward"


def device_tiles(figures: Figures, waiting: Mapping[str, int], links: Links) -> list[Tile]:
    """Return the sessions by their status, and what waits to be forwarded."""
    devices = dict(figures.stored.lists["devices"])
    return [
        Tile(
            _("Devices"),
            count_text(sum(devices.values())),
            _("%(count)s active") % {"count": count_text(devices.get("active", 0))},
            links.rows("sessions_app.device"),
        ),
        Tile(_("To be forwarded"), count_text(waiting["forwards"]), _sizes(figures), links.rows(FORWARD)),
        needing(
            _("Refused by Laravel"),
            waiting["forwards_parked"],
            url=links.rows(FORWARD, state__exact="parked"),
        ),
        Tile(
            _("Inbox"),
            count_text(waiting["inbox"]),
            _("messages without an answer yet"),
            links.rows("conversations.message", direction__exact="in", state="pending"),
        ),
        Tile(
            _("Outbox"),
            count_text(waiting["outbox"]),
            _("on their way out"),
            links.rows("conversations.message", direction__exact="out", state="pending"),
        ),
    ]


def _sizes(figures: Figures) -> str:
    """Return the sizes of the last batches by kind."""
    last = dict(figures.stored.lists["batches"])
    sizes = [f"{kind.label}: {last[kind]}" for kind in ForwardKind if kind in last]
    return _("last batch: %(sizes)s") % {"sizes": ", ".join(sizes)} if sizes else ""
