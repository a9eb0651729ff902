"""For those who run the site: races, cleanups, breakers, memory, and what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.charts import Tone, Unit
from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.sections.panels import Panel, bar_panel, line_panel, per_minute
from monitoring.dashboard.tiles import Tile, count_text, measured
from monitoring.services.figures.breakers import trips
from monitoring.services.figures.processes import fullest_memory

LISTED = 6
THREAD = "conversations.thread"


@dataclass(frozen=True, slots=True)
class CountRow:
    name: str
    count: str
    url: str


def technical_tiles(figures: Figures, links: Links) -> list[Tile]:
    frame = figures.frame
    fullest = fullest_memory(frame)
    return [
        measured(
            _("Race errors"),
            frame.total("race_errors_total"),
            Unit.COUNT,
            note=_("turns that found their customer taken"),
        ),
        measured(
            _("Cleanups"),
            frame.total("token_cleanups_total"),
            Unit.COUNT,
            note=_("threads begun anew as a summary"),
            url=links.rows(THREAD, closed_at__gte=figures.since.isoformat()),
        ),
        measured(
            _("High-token threads"),
            frame.gauge("high_token_threads"),
            Unit.COUNT,
            url=links.rows(THREAD, closed_at__isnull=True, token_count__gt=settings.THREAD_TOKEN_THRESHOLD),
        ),
        measured(_("Processing time, mean"), frame.mean("turn_seconds"), Unit.SECONDS),
        measured(
            _("Breaker trips of other services"),
            trips(frame).others,
            Unit.COUNT,
            note=_("channels, Laravel, inventory"),
        ),
        measured(
            _("Memory used"),
            fullest and fullest[1],
            Unit.PERCENT,
            note=_("on %(name)s, the fullest machine") % {"name": fullest[0]} if fullest else "",
        ),
    ]


def technical_panels(figures: Figures, step: timedelta) -> list[Panel]:
    frame = figures.frame
    races = per_minute(frame.points("race_errors_total", step), step, figures)
    high = frame.gauge_points("high_token_threads", step)
    mean = frame.mean_points("turn_seconds", step)
    return [
        bar_panel("races", _("Race errors a minute"), [(_("race errors"), Tone.BAD, races)], step, Unit.RATE),
        line_panel("mean", _("Processing time, mean"), [(_("mean"), Tone.SECOND, mean)], step, Unit.SECONDS),
        line_panel("high", _("High-token threads"), [(_("threads"), Tone.FOURTH, high)], step, Unit.COUNT),
    ]


def security_rows(figures: Figures, links: Links) -> Sequence[CountRow]:
    """Return the security events of the range by kind."""
    since = figures.since.isoformat()
    return [
        CountRow(
            operation,
            count_text(count),
            links.rows("monitoring.securityevent", operation__exact=operation, at__gte=since),
        )
        for operation, count in sorted(figures.stored.lists["security"], key=lambda pair: -pair[1])[:LISTED]
    ]
