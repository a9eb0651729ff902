"""The page of conversations and sessions: numbers, charts and tables made of the days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.services.costs import Span
from monitoring.analytics.days import Counts, Day, by_channel, by_day, total
from monitoring.charts import Data, Series, Tone, Unit, bar_chart
from monitoring.dashboard.sections.panels import Panel
from monitoring.dashboard.tiles import Tile, minutes_text
from sessions_app.models import Channel

_DAY = timedelta(days=1)
COLUMNS = (
    "day",
    "channel",
    "conversations",
    "received",
    "answered",
    "sent",
    "mean_seconds",
    "orders",
    "orders_cancelled",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: what it is about, and its numbers as texts."""

    name: str
    cells: Sequence[str]


def names_of(rows: Sequence[Day]) -> Mapping[int, str]:
    """Return the channels' names by id, in one query."""
    found = Channel.objects.in_bulk({row.channel_id for row in rows})
    return {key: str(channel) for key, channel in found.items()}


def days_context(rows: Sequence[Day], span: Span) -> dict[str, Any]:
    """Return the parts of the page that come from the days."""
    names = names_of(rows)
    days, channels = by_day(rows), by_channel(rows)
    return {
        "tiles": _tiles(total(rows)),
        "panels": _panels(span, days),
        "days": [
            Line(date_format(day, "SHORT_DATE_FORMAT"), _cells(counts))
            for day, counts in sorted(days.items(), reverse=True)
        ],
        "channels": [
            Line(names.get(key, ""), _cells(counts))
            for key, counts in sorted(channels.items(), key=lambda pair: -pair[1].conversations)
        ],
    }


def csv_rows(rows: Sequence[Day]) -> list[list[object]]:
    """Return a line of the download for each day and channel, in the order of COLUMNS."""
    names = names_of(rows)
    return [_csv_row(row, names) for row in rows]


def _tiles(counts: Counts) -> list[Tile]:
    return [
        Tile(_("Conversations"), Unit.COUNT.text(counts.conversations), _("a customer's messages of a day")),
        Tile(_("Mean duration"), minutes_text(counts.mean_seconds), _("first to last message of a day")),
        Tile(_("Received"), Unit.COUNT.text(counts.received)),
        Tile(_("Answered"), Unit.COUNT.text(counts.answered), _share(counts.answered, counts.received)),
        Tile(_("Sent"), Unit.COUNT.text(counts.sent)),
        Tile(_("Orders"), Unit.COUNT.text(counts.orders), _share_of_talks(counts)),
    ]


def _panels(span: Span, days: Mapping[date, Counts]) -> list[Panel]:
    times = [_midnight(day) for day in span.days()]
    counts = [days.get(day, Counts()) for day in span.days()]

    def panel(key: str, title: str, *series: Series) -> Panel:
        return Panel(
            key, title, bars=bar_chart(Data(title, times, _DAY, series, Unit.COUNT)) if days else None
        )

    return [
        panel(
            "talks",
            _("Conversations a day"),
            Series(_("conversations"), [each.conversations for each in counts]),
        ),
        panel(
            "volume",
            _("Messages a day"),
            Series(_("received"), [each.received for each in counts]),
            Series(_("sent"), [each.sent for each in counts], Tone.SECOND),
        ),
        panel("orders", _("Orders a day"), Series(_("orders"), [each.orders for each in counts], Tone.THIRD)),
    ]


def _cells(counts: Counts) -> list[str]:
    numbers = (counts.conversations, counts.received, counts.answered, counts.sent)
    return [*map(Unit.COUNT.text, numbers), minutes_text(counts.mean_seconds), Unit.COUNT.text(counts.orders)]


def _csv_row(row: Day, names: Mapping[int, str]) -> list[object]:
    counts = row.counts
    mean = counts.mean_seconds
    return [
        row.day.isoformat(),
        names.get(row.channel_id, ""),
        counts.conversations,
        counts.received,
        counts.answered,
        counts.sent,
        None if mean is None else round(mean, 1),
        counts.orders,
        counts.cancelled,
    ]


def _share(part: int, whole: int) -> str:
    return Unit.PERCENT.text(part / whole * 100) if whole else ""


def _share_of_talks(counts: Counts) -> str:
    share = _share(counts.orders, counts.conversations)
    return _("%(percent)s of the conversations") % {"percent": share} if share else ""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
