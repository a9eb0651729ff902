"""Keeping what checks found: the latest look of each, and the history of its statuses."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from monitoring.health.findings import Finding
from monitoring.models import HealthCheck, HealthSpan
from monitoring.services.health_states import longest_gap

_CHECK_FIELDS = ("span", "period_seconds", "latency_ms", "figures", "detail", "detail_values")


def findings_store(
    findings: Mapping[str, Finding], *, periods: Mapping[str, float], moment: datetime | None = None
) -> int:
    """Keep what the checks of these names found at `moment` (None: now); returns how many spans began.

    `periods` says how often each looks, in seconds. Four statements, however many checks. Time never runs
    backwards: what another process found later moves the moment.
    """
    if not findings:
        return 0
    with transaction.atomic():
        known = {row.name: row for row in _locked(findings)}
        moment = max([moment or timezone.now(), *(row.span.ended_at for row in known.values())])
        begun = [
            HealthSpan(
                check_name=name,
                status=found.status,
                began_at=moment,
                ended_at=moment,
                detail=found.detail[:300],
                detail_values=dict(found.values),
            )
            for name, found in findings.items()
            if not _goes_on(known.get(name), found, moment)
        ]
        _extend([row for row in known.values() if _is_recent(row, moment)], moment)
        HealthSpan.objects.bulk_create(begun)
        spans = {name: row.span for name, row in known.items()} | {span.check_name: span for span in begun}
        HealthCheck.objects.bulk_create(
            [_row(name, found, spans[name], periods[name]) for name, found in sorted(findings.items())],
            update_conflicts=True,
            unique_fields=("name",),
            update_fields=_CHECK_FIELDS,
        )
    return len(begun)


def checks_forget_others(names: Collection[str]) -> int:
    """Drop the checks that there are no more, such as that of a deleted channel; their history stays."""
    return HealthCheck.objects.exclude(name__in=names).delete()[0]


def _locked(names: Collection[str]) -> list[HealthCheck]:
    rows = HealthCheck.objects.select_related("span").filter(name__in=names)
    return list(rows.order_by("name").select_for_update(of=("self",)))


def _is_recent(row: HealthCheck, moment: datetime) -> bool:
    return moment - row.span.ended_at <= longest_gap(row.period_seconds)


def _goes_on(row: HealthCheck | None, found: Finding, moment: datetime) -> bool:
    return row is not None and row.span.status == found.status and _is_recent(row, moment)


def _extend(rows: Collection[HealthCheck], moment: datetime) -> None:
    """Until this look each was what it was at the last one; over a gap nobody can say so."""
    HealthSpan.objects.filter(pk__in=[row.span_id for row in rows]).update(ended_at=moment)


def _row(name: str, found: Finding, span: HealthSpan, period: float) -> HealthCheck:
    return HealthCheck(
        name=name,
        span=span,
        period_seconds=period,
        latency_ms=found.latency_ms,
        figures=dict(found.figures),
        detail=found.detail[:300],
        detail_values=dict(found.values),
    )
