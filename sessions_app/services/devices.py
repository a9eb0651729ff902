"""Taking in what gateways report of their sessions: one at a time or by the thousand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import le

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from botsite import caching
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from sessions_app.models import Channel, Device
from sessions_app.providers.base import DeviceEvent
from sessions_app.services.device_fold import Fold, Report, folded, needs_writing, qr_digest
from sessions_app.services.device_rows import forwards_raise, rows_lock, rows_read, rows_write

LONGEST_NAMES = (128, 40)
"""Characters of a session's name, and of a status."""

log = get_logger("devices")


@dataclass(frozen=True, slots=True)
class Applied:
    """How many events changed something, and how many were repeats or older than what was known."""

    accepted: int
    duplicates: int


def events_apply(channel: Channel, events: Sequence[DeviceEvent]) -> Applied:
    """Take in events of a channel's sessions, in order; unknown sessions are made.

    A QR code or status that is known already, or older by its gateway's clock than what is known, changes
    nothing. Every change gets the session's next version and is noted for Laravel in the same transaction
    (the caller's, if there is one). What cannot be stored, as a name that is too long, counts for nothing
    and harms no other. Raises django.db.Error, and then nothing of it is kept.
    """
    events = [event for event in events if _is_storable(event)]
    if not events:
        return Applied(0, 0)
    accepted = 0 if _is_known_code(channel, events) else _take_in(channel, events)
    applied = Applied(accepted, len(events) - accepted)
    transaction.on_commit(lambda: _count(channel, applied))
    return applied


def _take_in(channel: Channel, events: Sequence[DeviceEvent]) -> int:
    now = timezone.now()
    reports: dict[str, list[Report]] = defaultdict(list)
    for event in events:
        reports[event.session_id].append(Report.of(event, now))
    with transaction.atomic():
        accepted = _apply(channel, reports, now)
    if len(events) == 1 and events[0].qr:
        _keep_code(channel, events[0])
    return accepted


def _count(channel: Channel, applied: Applied) -> None:
    metrics.count("device_events_total", applied.accepted, channel=channel.slug, result="accepted")
    metrics.count("device_events_total", applied.duplicates, channel=channel.slug, result="duplicate")


def _is_storable(event: DeviceEvent) -> bool:
    names = (event.session_id, event.status)
    is_fit = all(map(str.isprintable, names)) and all(map(le, map(len, names), LONGEST_NAMES))
    if not event.session_id or not is_fit:
        log.warning("DEVICE_EVENT_IGNORED", error="the session's name or status cannot be stored")
        return False
    return True


def _apply(channel: Channel, reports: Mapping[str, Sequence[Report]], now: datetime) -> int:
    # Most reports are repeats, which take no lock: what they repeat can only be replaced by what is newer.
    rows = rows_read(channel, list(reports))
    missing = reports.keys() - rows.keys()
    news = [name for name, row in rows.items() if needs_writing(row.known, folded(row.known, reports[name]))]
    if not (missing or news):
        return 0
    rows = rows_lock(channel, [*missing, *news], missing=missing)
    folds = {name: folded(row.known, reports[name]) for name, row in rows.items()}
    _write({rows[name].pk: fold for name, fold in folds.items()}, now)
    changed = [name for name, fold in folds.items() if fold.status_version or name in missing]
    _forget(channel, changed, made=missing)
    return sum(fold.accepted for fold in folds.values())


def _write(folds: Mapping[int, Fold], now: datetime) -> None:
    """Write what the reports made of the sessions, by primary key, and let it be forwarded."""
    rows_write(folds, now=now)
    if settings.LARAVEL_API_URL:
        forwards_raise(folds, now=now)


def _forget(channel: Channel, changed: Iterable[str], *, made: Iterable[str]) -> None:
    stale = [(layer, name) for name in changed for layer in (caching.STATUS, caching.CONNECTION)]
    stale += [(caching.SESSION_INFO, name) for name in made]
    caching.invalidate_all_on_commit(
        [(layer, {"channel": channel.slug, "session": name}) for layer, name in stale]
    )


def _is_known_code(channel: Channel, events: Sequence[DeviceEvent]) -> bool:
    """Whether it is one QR code and nothing else, and the cache has it for the session's newest."""
    if len(events) != 1 or not events[0].qr or events[0].status:
        return False
    known = caching.get(caching.QR, channel=channel.slug, session=events[0].session_id)
    return bool(known == qr_digest(events[0].qr))


def _keep_code(channel: Channel, event: DeviceEvent) -> None:
    """Keep the digest for the next repeat.

    That it may be an older one by then, when two gateways report at once, does no harm: QR codes do not come
    back, and what repeats one is a repeat.
    """
    digest = qr_digest(event.qr)
    parts = {"channel": channel.slug, "session": event.session_id}
    transaction.on_commit(lambda: caching.put(caching.QR, digest, **parts))


@receiver(post_delete, sender=Device)
def _forget_deleted(instance: Device, **_: object) -> None:
    for layer in (caching.QR, caching.STATUS, caching.CONNECTION, caching.SESSION_INFO):
        caching.invalidate_on_commit(layer, channel=instance.channel.slug, session=instance.session_id)
