"""What was erased must not come back: late webhooks, statuses and API calls about it change nothing.

A customer's names and the ids of their messages are kept as keyed digests for as long as anybody may repeat
them. What the customer writes *after* the erasure, by the provider's clock, begins a new user.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from conversations.canonical import canonical_form
from conversations.models import Erasure, Tombstone, TombstoneKind, WhatsAppUser
from conversations.services.user_lookup import canonical_names
from sessions_app.models import Channel
from sessions_app.providers.base import (
    BusinessEcho,
    Identity,
    InboundEvent,
    InboundMessage,
    StatusUpdate,
    UnrecognizedItem,
)

REPEATED_DAYS = 8
"""Meta repeats a webhook for up to seven days."""
BATCH = 1000
LONGEST_NAME = 64
MOST_STRINGS = 2000
"""Of one unrecognised item that are looked at."""

Names = tuple[Identity, ...]


def bury(erasure: Erasure, *, names: Iterable[str], message_ids: Iterable[str]) -> int:
    """Keep digests of canonical names and of message ids (or tokens); returns how many."""
    days = max(settings.RETENTION_DAYS, REPEATED_DAYS)
    expires_at = erasure.erased_at + timedelta(days=days)
    values = itertools.chain(
        ((TombstoneKind.NAME, name) for name in names),
        ((TombstoneKind.MESSAGE, message_id) for message_id in message_ids),
    )
    total = 0
    while batch := list(itertools.islice(values, BATCH)):
        Tombstone.objects.bulk_create(
            Tombstone(
                erasure=erasure,
                kind=kind,
                digest=_digest(value),
                erased_at=erasure.erased_at,
                expires_at=expires_at,
            )
            for kind, value in batch
        )
        total += len(batch)
    return total


def is_barred(user: WhatsAppUser, names: Collection[Identity]) -> bool:
    """Tell whether `user`, whose row is locked and has no message yet, would bring an erased one back."""
    return user.last_sequence == 0 and bool(_erased_at(user.channel_id, map(canonical_form, names)))


def erasure_of(name: str) -> Erasure | None:
    """Return the latest erasure of somebody of this name, or with this number (`12`, `#12`); None without."""
    digests = [_digest(form) for form in canonical_names(name)]
    meant = Q(tombstones__digest__in=digests, tombstones__kind=TombstoneKind.NAME)
    number = name.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 19:
        meant |= Q(user_pk=int(number))
    return Erasure.objects.filter(meant).order_by("-erased_at").first()


def without_erased(
    channel: Channel, items: Sequence[InboundEvent], users: Mapping[Names, WhatsAppUser]
) -> list[InboundEvent]:
    """Return the items but those that are older than the erasure of their sender.

    Call it with the users' rows locked. A user who was only made for such items is deleted again. Users
    without messages are looked up; for all others the answer stands in their row.
    """
    _note_erasures(channel, items, users)
    if not any(user.erased_before for user in users.values()):
        return list(items)
    told = [item for item in items if isinstance(item, InboundMessage | BusinessEcho)]
    buried = _buried(channel.pk, [item.external_id for item in told])
    stale = {id(item) for item in told if _is_stale(item, users[item.identities], buried)}
    _delete_made_in_vain(users, [item for item in told if id(item) not in stale])
    return [item for item in items if id(item) not in stale]


def _delete_made_in_vain(
    users: Mapping[Names, WhatsAppUser], kept: Iterable[InboundMessage | BusinessEcho]
) -> None:
    """Delete the new users of whom no item is kept."""
    needed = {users[item.identities].pk for item in kept}
    vain = {user.pk for user in users.values() if user.last_sequence == 0} - needed
    WhatsAppUser.objects.filter(pk__in=vain).delete()


def is_buried(channel_id: int, update: StatusUpdate) -> bool:
    """Tell whether the status is about a message of an erased customer."""
    return bool(_buried(channel_id, [update.external_id, update.callback_data]))


def without_erased_names(items: Sequence[UnrecognizedItem]) -> list[UnrecognizedItem]:
    """Return the unrecognised items that name nobody who was erased; they cannot say when they were sent."""
    if not items or not _live().filter(kind=TombstoneKind.NAME).exists():
        return list(items)
    return [item for item in items if not _names_erased(item.raw)]


def _note_erasures(
    channel: Channel, items: Sequence[InboundEvent], users: Mapping[Names, WhatsAppUser]
) -> None:
    new = {names: user for names, user in users.items() if user.last_sequence == 0}
    if not new:
        return
    forms = {names: [canonical_form(name) for name in names] for names in new}
    erased = _erased_at(channel.pk, itertools.chain.from_iterable(forms.values()))
    for names, user in new.items():
        if found := [erased[form] for form in forms[names] if form in erased]:
            user.erased_before = max(found)
            WhatsAppUser.objects.filter(pk=user.pk).update(erased_before=user.erased_before)


def _is_stale(item: InboundMessage | BusinessEcho, user: WhatsAppUser, buried: Collection[str]) -> bool:
    if user.erased_before is None:
        return False
    # The provider's clock counts whole seconds; within the one of the erasure the id decides.
    is_older = item.sent_at is not None and item.sent_at < user.erased_before.replace(microsecond=0)
    return is_older or item.external_id in buried


def _names_erased(raw: Any) -> bool:
    strings = itertools.islice((text for text in _strings(raw) if len(text) <= LONGEST_NAME), MOST_STRINGS)
    digests = {_digest(form) for text in strings for form in canonical_names(text)}
    return _live().filter(kind=TombstoneKind.NAME, digest__in=digests).exists()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in itertools.chain(value.keys(), value.values()):
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


def _erased_at(channel_id: int, forms: Iterable[str]) -> dict[str, datetime]:
    by_digest = {_digest(form): form for form in forms}
    rows = _live().filter(erasure__channel=channel_id, kind=TombstoneKind.NAME, digest__in=by_digest)
    latest = rows.values_list("digest").annotate(latest=Max("erased_at"))
    return {by_digest[digest]: erased_at for digest, erased_at in latest}


def _buried(channel_id: int, message_ids: Iterable[str]) -> set[str]:
    by_digest = {_digest(message_id): message_id for message_id in message_ids if message_id}
    rows = _live().filter(erasure__channel=channel_id, kind=TombstoneKind.MESSAGE, digest__in=by_digest)
    return {by_digest[digest] for digest in rows.values_list("digest", flat=True)}


def _live() -> QuerySet[Tombstone]:
    return Tombstone.objects.filter(expires_at__gt=Now())


def _digest(value: str) -> str:
    """Phone numbers are few enough to be tried out: without SECRET_KEY the digest tells nothing."""
    return salted_hmac("botsite.tombstone", value, algorithm="sha256").hexdigest()
