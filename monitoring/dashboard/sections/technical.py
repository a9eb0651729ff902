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
from monitoring.services.series import Frame

LISTED = 6
THREAD = "conversations.thread"


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint: requests, the part that failed (5xx), and the time of the slowest 5 %."""

    name: str
    requests: str
    failed: str
    slow: str


@dataclass(frozen=True, slots=True)
class CountRow:
    name: str
    count: str
    url: str


def technical_tiles(figures: Figures, links: Links) -> list[Tile]:
    frame = figures.frame
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
        measured(_("Requests"), frame.total("http_requests_total"), Unit.COUNT, note=_failed(frame)),
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


def endpoint_rows(frame: Frame) -> list[EndpointRow]:
    """Return the slowest endpoints, by the time of their slowest 5 %."""
    requests = frame.totals_by("http_requests_total", "endpoint")
    failed = frame.totals_by("http_requests_total", "endpoint", status="5xx")
    times = frame.histograms_by("http_request_seconds", "endpoint")
    slow = {name: found for name, times_of in times.items() if (found := times_of.quantile(0.95)) is not None}
    slowest = sorted(slow.keys() & requests.keys(), key=lambda name: -slow[name])
    return [
        EndpointRow(
            name,
            Unit.COUNT.text(requests[name]),
            Unit.PERCENT.text(failed.get(name, 0.0) / requests[name] * 100),
            Unit.SECONDS.text(slow[name]),
        )
        for name in slowest[:LISTED]
        if requests[name]
    ]


def function_rows(frame: Frame) -> list[EndpointRow]:
    """Return the functions that models called most."""
    calls = frame.totals_by("function_calls_total", "name")
    well = frame.totals_by("function_calls_total", "name", result="ok")
    times = frame.histograms_by("function_seconds", "name")
    return [
        EndpointRow(
            name,
            Unit.COUNT.text(count),
            Unit.PERCENT.text((1 - well.get(name, 0.0) / count) * 100),
            Unit.SECONDS.text(times[name].quantile(0.95) if name in times else None),
        )
        for name, count in sorted(calls.items(), key=lambda pair: -pair[1])[:LISTED]
        if count
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


def _failed(frame: Frame) -> str:
    total, failed = frame.total("http_requests_total"), frame.total("http_requests_total", status="5xx")
    if not total or failed is None:
        return ""
    return _("%(percent)s failed") % {"percent": Unit.PERCENT.text(failed / total * 100)}
