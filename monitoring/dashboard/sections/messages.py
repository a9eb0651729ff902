"""Messages, and how long an answer takes."""

from datetime import timedelta

from django.utils.translation import gettext as _

from monitoring.charts import Tone, Unit
from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.sections.panels import Panel, line_panel, per_minute, values
from monitoring.dashboard.tiles import Tile, count_text, measured
from monitoring.services.figures.conversations import PAUSE
from monitoring.services.series import Point

_RECEIVED = ("webhook_messages_total", {"result": "accepted"})
_ANSWERED = ("turns_total", {"result": "answered"})


def message_tiles(figures: Figures, step: timedelta, links: Links) -> list[Tile]:
    frame, since = figures.frame, figures.since.isoformat()
    name, labels = _RECEIVED
    received = per_minute(frame.points(name, step, **labels), step, figures)
    return [
        measured(
            _("Received"),
            frame.total(name, **labels),
            Unit.COUNT,
            url=links.rows("conversations.message", direction__exact="in", created_at__gte=since),
            spark=values(received),
        ),
        measured(
            _("Answered"),
            frame.total(_ANSWERED[0], **_ANSWERED[1]),
            Unit.COUNT,
            note=_("turns; one may answer several messages"),
            url=links.rows("conversations.run", started_at__gte=since),
        ),
        measured(_("Answer time, median"), frame.quantile("turn_seconds", 0.5), Unit.SECONDS),
        measured(_("Answer time, slowest 5 %"), frame.quantile("turn_seconds", 0.95), Unit.SECONDS),
        Tile(
            _("Customers who wrote"),
            count_text(figures.stored.counts["customers"]),
            url=links.rows("conversations.whatsappuser", last_inbound_at__gte=since),
        ),
        measured(
            _("Conversations now"),
            frame.gauge("active_conversations"),
            Unit.COUNT,
            note=_("customers who wrote within half an hour"),
            url=links.rows(
                "conversations.whatsappuser",
                last_inbound_at__gte=(figures.window.until - PAUSE).isoformat(),
            ),
        ),
    ]


def message_panels(figures: Figures, step: timedelta) -> list[Panel]:
    frame = figures.frame
    return [
        line_panel(
            "messages",
            _("Messages a minute"),
            [
                (_("received"), Tone.FIRST, _minutely(figures, step, *_RECEIVED)),
                (_("answered"), Tone.SECOND, _minutely(figures, step, *_ANSWERED)),
            ],
            step,
            Unit.RATE,
        ),
        line_panel(
            "answers",
            _("Answer time"),
            [
                (_("median"), Tone.FIRST, frame.quantile_points("turn_seconds", 0.5, step)),
                (_("slowest 5 %"), Tone.THIRD, frame.quantile_points("turn_seconds", 0.95, step)),
            ],
            step,
            Unit.SECONDS,
        ),
    ]


def _minutely(figures: Figures, step: timedelta, name: str, labels: dict[str, str]) -> list[Point]:
    return per_minute(figures.frame.points(name, step, **labels), step, figures)
