"""Finding users by any of their names, as people and other systems write them."""

import re

from django.db.models import Q, QuerySet

from conversations.canonical import canonical_form
from conversations.models import UserIdentity, UserMerge, WhatsAppUser
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind

_PHONE = re.compile(r"\+?[0-9][0-9 ().-]*")
_DIGITS = range(7, 16)  # E.164 has 15 at the most


def phone_digits(value: str) -> str:
    """Return the digits of a phone number written in any usual way; empty when it is none."""
    digits = re.sub(r"[^0-9]", "", value)
    return digits if _PHONE.fullmatch(value.strip()) and len(digits) in _DIGITS else ""


def canonical_names(value: str) -> set[str]:
    """Return the canonical forms of the names that `value` may be; none when it cannot be one.

    A phone number is found however it is written: with spaces, with or without Mexico's 1, Argentina's 9 or
    Brazil's ninth digit. Bare digits are never taken for a LID.
    """
    written = value.strip()
    if not written or "\x00" in written:
        return set()
    kinds = set(IdentityKind) - ({IdentityKind.LID} if written.isdigit() else set())
    names = {Identity(kind, written) for kind in kinds}
    if digits := phone_digits(value):
        names.add(Identity(IdentityKind.WA_ID, digits))
    return {canonical_form(name) for name in names}


def names_matching(value: str) -> QuerySet[UserIdentity]:
    """Return the stored names that `value` may be, of all channels."""
    return UserIdentity.objects.filter(canonical__in=canonical_names(value))


def users_named(value: str, *, within: Q) -> list[WhatsAppUser]:
    """Return the users known by `value`, with channel and identities; `within` limits the channels."""
    named = names_matching(value).filter(within)
    users = WhatsAppUser.objects.filter(pk__in=named.values("user_id"))
    return list(users.select_related("channel").prefetch_related("identities").order_by("pk"))


def survivor_of(pk: int) -> WhatsAppUser | None:
    """Return the customer whom the user `pk` was merged into; None when it never was."""
    merge = UserMerge.objects.filter(merged_pk=pk).select_related("kept__channel").first()
    return merge.kept if merge else None


def address_at(channel: Channel, value: str) -> Identity | None:
    """Return the name to write to: a known one, or a phone number that may be new; else None."""
    known = names_matching(value).filter(channel=channel).first()
    if known:
        return known.as_identity()
    digits = phone_digits(value)
    return Identity(IdentityKind.WA_ID, digits) if digits else None
