"""Requests, and the functions that models call: how often, how well, how fast."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from monitoring.charts import Unit
from monitoring.dashboard.tiles import Tile, measured
from monitoring.services.figures.functions import function_calls, functions
from monitoring.services.figures.requests import endpoints, requests
from monitoring.services.series import Frame

LISTED = 6


@dataclass(frozen=True, slots=True)
class CallRow:
    """One endpoint or function: calls, the part that failed, and their times: mean, and slowest 5 %."""

    name: str
    calls: str
    failed: str
    mean: str
    slow: str


def request_tiles(frame: Frame) -> list[Tile]:
    asked = requests(frame)
    return [
        measured(_("Requests"), asked.total, Unit.COUNT, note=_failed(asked.failed_percent)),
        measured(_("Requests a minute"), asked.per_minute, Unit.RATE),
        measured(_("Requests answered"), asked.ok, Unit.COUNT),
        measured(_("Requests refused"), asked.refused, Unit.COUNT, note=_("the caller's fault")),
        measured(_("Requests failed"), asked.failed, Unit.COUNT, note=_("the site's fault")),
        measured(_("Request time, median"), asked.p50_seconds, Unit.SECONDS),
        measured(_("Request time, slowest 5 %"), asked.p95_seconds, Unit.SECONDS),
        measured(_("Request time, slowest 1 %"), asked.p99_seconds, Unit.SECONDS),
    ]


def function_tiles(frame: Frame) -> list[Tile]:
    called = function_calls(frame)
    return [
        measured(_("Function calls"), called.calls, Unit.COUNT, note=_("by the models")),
        measured(_("Function calls done"), called.done_percent, Unit.PERCENT),
        measured(_("Function time, mean"), called.mean_seconds, Unit.SECONDS),
    ]


def endpoint_rows(frame: Frame) -> list[CallRow]:
    """Return the slowest endpoints, by the time of their slowest 5 %."""
    return [
        _row(each.name, each.requests, each.failed_percent, each.mean_seconds, each.p95_seconds)
        for each in endpoints(frame)[:LISTED]
    ]


def function_rows(frame: Frame) -> list[CallRow]:
    """Return the functions that models called most."""
    return [
        _row(each.name, each.calls, each.failed_percent, each.mean_seconds, each.p95_seconds)
        for each in functions(frame)[:LISTED]
    ]


def _row(
    name: str, calls: float, failed_percent: float, mean_seconds: float | None, p95_seconds: float | None
) -> CallRow:
    return CallRow(
        name,
        Unit.COUNT.text(calls),
        Unit.PERCENT.text(failed_percent),
        Unit.SECONDS.text(mean_seconds),
        Unit.SECONDS.text(p95_seconds),
    )


def _failed(percent: float | None) -> str:
    return "" if percent is None else _("%(percent)s failed") % {"percent": Unit.PERCENT.text(percent)}
