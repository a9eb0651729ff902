"""Somebody outside changed a customer's data: forget what is cached of it, and fetch it anew where asked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from botsite.telemetry.logging import get_logger
from botsite.telemetry.redact import mask_phone
from conversations.models import UserIdentity
from conversations.services import client_data, enrichment
from conversations.services.user_lookup import canonical_names
from sessions_app.models import Channel
from sessions_app.providers.base import ProfileChange

log = get_logger("hooks")


@dataclass(frozen=True, slots=True)
class UserUpdate:
    """A user, by any name, whose data have changed; `enrich`: fetch them from the provider."""

    name: str
    enrich: bool = False


@dataclass(frozen=True, slots=True)
class _Match:
    """The users that the updates are about: (channel, user), and of each update those to fetch."""

    users: Sequence[tuple[int, int]]
    to_fetch: Sequence[frozenset[int]]

    def all_to_fetch(self) -> frozenset[int]:
        return frozenset().union(*self.to_fetch)


def users_update(updates: Sequence[UserUpdate], *, within: Q) -> list[bool]:
    """Let the next message of these users see fresh data; returns for each whether a fetch was scheduled.

    `within` limits the channels. Unknown users are nothing to do. A few queries, however many updates there
    are. Raises django.db.Error: then nothing was scheduled. Not within a transaction.
    """
    match = _matched(updates, within)
    with transaction.atomic():
        enrichment.schedule(match.all_to_fetch())
    for channel_id, user_id in match.users:
        client_data.invalidate_now(channel_id=channel_id, user_id=user_id)
    _log(updates, match, operation="update_user")
    return [bool(users) for users in match.to_fetch]


def profiles_changed(channel: Channel, changes: Sequence[ProfileChange]) -> int:
    """Do the same for what the channel's provider announced, within the caller's transaction.

    Returns how many announcements there were.
    """
    updates = [UserUpdate(name.value, enrich=True) for change in changes for name in change.identities]
    if updates:
        match = _matched(updates, Q(channel=channel))
        enrichment.schedule(match.all_to_fetch())
        for channel_id, user_id in match.users:
            client_data.invalidate(channel_id=channel_id, user_id=user_id)
        _log(updates, match, operation="webhook")
    return len(changes)


def _matched(updates: Sequence[UserUpdate], within: Q) -> _Match:
    forms = [canonical_names(update.name) for update in updates]
    rows = UserIdentity.objects.filter(within, canonical__in=set().union(*forms))
    users: dict[tuple[int, int], None] = {}
    named: dict[str, set[int]] = defaultdict(set)
    can_fetch: set[int] = set()
    for row in rows.select_related("channel"):
        users[row.channel_id, row.user_id] = None
        named[row.canonical].add(row.user_id)
        if row.channel.is_active and enrichment.provider_can(row.channel.kind):
            can_fetch.add(row.user_id)
    can_fetch = _with_fetchable_name(can_fetch) if any(update.enrich for update in updates) else set()
    to_fetch = [
        frozenset().union(*(named[form] for form in names)) & can_fetch if update.enrich else frozenset()
        for update, names in zip(updates, forms, strict=True)
    ]
    return _Match(list(users), to_fetch)


def _with_fetchable_name(user_ids: set[int]) -> set[int]:
    names = UserIdentity.objects.filter(user_id__in=user_ids, kind__in=enrichment.FETCHABLE)
    return set(names.values_list("user_id", flat=True))


def _log(updates: Sequence[UserUpdate], match: _Match, *, operation: str) -> None:
    for update, users in zip(updates, match.to_fetch, strict=True):
        log.info("HOOK_UPDATE", user=mask_phone(update.name), operation=operation, fetches=len(users))
