"""How forwarding stands, for whoever looks at it: read from Postgres, so the same from every host."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from botsite.resilience.breaker import State
from sessions_app.models import Device, ForwardBatch, ForwardKind, ForwardState
from sessions_app.services.forward_pause import Pause, paused
from sessions_app.services.laravel import Verdict, laravel_breaker

COUNT_LIMIT = 10_000
"""States are counted up to here."""
RECENT = timedelta(hours=1)

_COUNT = """(
    SELECT count(*)
    FROM (SELECT 1 FROM sessions_app_forward WHERE kind = %s AND state = %s LIMIT %s) AS found
)"""


@dataclass(frozen=True, slots=True)
class LastBatch:
    """The last batch of a kind that Laravel took."""

    at: datetime
    size: int

    @property
    def milliseconds_ago(self) -> int:
        return max(int((timezone.now() - self.at).total_seconds() * 1000), 0)


@dataclass(frozen=True, slots=True)
class ForwardFigures:
    """Items by kind and state, the last flush of each kind, and what stands in the way. Redis may be away."""

    counts: Mapping[tuple[str, str], int]
    last: Mapping[str, LastBatch]
    circuit: State
    pause: Pause | None

    def count(self, kind: ForwardKind, state: ForwardState) -> int:
        return self.counts[kind, state]


def forward_counts() -> dict[tuple[str, str], int]:
    """Count the forwards of every kind and state, each up to COUNT_LIMIT, in one query."""
    keys = [(str(kind), str(state)) for kind in ForwardKind for state in ForwardState]
    values = [value for key in keys for value in (*key, COUNT_LIMIT)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([_COUNT] * len(keys))}", values)
        row = cursor.fetchone()
    return dict(zip(keys, row, strict=True))


def forward_figures() -> ForwardFigures:
    """Read all figures. Raises django.db.Error."""
    return ForwardFigures(
        counts=forward_counts(),
        last={str(kind): last for kind in ForwardKind if (last := _last(kind))},
        circuit=laravel_breaker().state(),
        pause=paused(),
    )


def batch_metrics() -> dict[str, Any]:
    """Return the body of `/metrics/batch`: sizes of what waits, times in milliseconds, null: never yet."""
    figures = forward_figures()
    body: dict[str, Any] = {"enabled": bool(settings.LARAVEL_API_URL)}
    for kind, name in ((ForwardKind.QR, "Qr"), (ForwardKind.STATUS, "Status")):
        last = figures.last.get(kind)
        body |= {
            f"{kind}BatchSize": figures.count(kind, ForwardState.PENDING),
            f"{kind}Sending": figures.count(kind, ForwardState.SENDING),
            f"{kind}Parked": figures.count(kind, ForwardState.PARKED),
            f"timeSinceLastFlush{name}": last.milliseconds_ago if last else None,
            f"lastFlushSize{name}": last.size if last else None,
        }
    return body | {
        "batchSize": settings.BATCH_SIZE,
        "circuit": figures.circuit.name.lower(),
        "paused": figures.pause.reason if figures.pause else None,
    }


def device_counts() -> list[tuple[str, int]]:
    """Return how many sessions are in each status, the most frequent first."""
    rows = Device.objects.values_list("status").annotate(count=Count("pk")).order_by("-count", "status")
    return [(status, count) for status, count in rows[:20]]


def recent_results() -> list[tuple[Verdict, int]]:
    """Return how the batches of the last hour ended, by their last attempt."""
    rows = ForwardBatch.objects.filter(started_at__gte=timezone.now() - RECENT).exclude(result="")
    counted = dict(rows.values_list("result").annotate(Count("pk")))
    return [(verdict, counted[verdict]) for verdict in Verdict if verdict in counted]


def _last(kind: ForwardKind) -> LastBatch | None:
    taken = ForwardBatch.objects.filter(kind=kind, result=Verdict.ACCEPTED, finished_at__isnull=False)
    batch = taken.order_by("-finished_at").first()
    return LastBatch(batch.finished_at, batch.size) if batch and batch.finished_at else None
