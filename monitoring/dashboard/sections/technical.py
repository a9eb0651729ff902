"""For those who run the site: races, cleanups, slow endpoints, functions, and what was refused."""

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
from monitoring.services.figures.functions import functions
from monitoring.services.figures.requests import endpoints, requests
from monitoring.services.series import Frame

LISTED = 6
THREAD = "conversations.thread"


@dataclass(frozen=True, slots=True)
class CallRow:
    """One endpoint or function: calls, the part that failed, and the time of the slowest 5 %."""

    name: str
    calls: str
    failed: str
    slow: str


@dataclass(frozen=True, slots=True)
class CountRow:
    name: str
    count: str
    url: str


def technical_tiles(figures: Figures, links: Links) -> list[Tile]:
    frame = figures.frame
    asked = requests(frame)
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
        measured(_("Requests"), asked.total, Unit.COUNT, note=_failed(asked.failed_percent)),
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


def endpoint_rows(frame: Frame) -> list[CallRow]:
    """Return the slowest endpoints, by the time of their slowest 5 %."""
    return [
        _row(endpoint.name, endpoint.requests, endpoint.failed_percent, endpoint.p95_seconds)
        for endpoint in endpoints(frame)[:LISTED]
    ]


def function_rows(frame: Frame) -> list[CallRow]:
    """Return the functions that models called most."""
    return [
        _row(function.name, function.calls, function.failed_percent, function.p95_seconds)
        for function in functions(frame)[:LISTED]
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


def _row(name: str, calls: float, failed_percent: float, p95_seconds: float | None) -> CallRow:
    return CallRow(
        name, Unit.COUNT.text(calls), Unit.PERCENT.text(failed_percent), Unit.SECONDS.text(p95_seconds)
    )


def _failed(percent: float | None) -> str:
    return "" if percent is None else _("%(percent)s failed") % {"percent": Unit.PERCENT.text(percent)}
