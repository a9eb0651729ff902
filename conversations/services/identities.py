"""Finding the user behind the names that a message came with."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversations.canonical import canonical_form, family, left_over
from conversations.models import MergeReason, UserIdentity, WhatsAppUser
from conversations.services import client_data
from conversations.services.merging import users_merge
from conversations.services.persons import KnownName, Person, persons
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind

Names = tuple[Identity, ...]
_PREFERENCE = (IdentityKind.WA_ID, IdentityKind.JID, IdentityKind.LID, IdentityKind.BSUID)
# Written out because every webhook asks it: to build it by the ORM took a fifth of a webhook's CPU time.
_KNOWN_LOCKED = """
    SELECT person.*, name.canonical AS known_as, name.kind AS known_kind, name.value AS known_value,
        name.replaced_at AS known_replaced_at
    FROM conversations_useridentity name JOIN conversations_whatsappuser person ON person.id = name.user_id
    WHERE name.channel_id = %s AND name.canonical = ANY(%s)
    ORDER BY person.id FOR NO KEY UPDATE OF person
"""


class NamesContestedError(OperationalError):
    """Another transaction gave one of the names to an older user meanwhile. To wait for that user's row now
    could be a deadlock: give the transaction up and try it again from its start."""


def preferred(names: Iterable[Identity]) -> Identity | None:
    """Return the name to write to and to show: the phone number where it is known; None without any."""
    return min(names, key=lambda name: _PREFERENCE.index(name.kind), default=None)


def users_locked(
    channel: Channel,
    people: Sequence[Names],
    *,
    moves: Collection[Names] = (),
    as_of: datetime | None = None,
) -> dict[Names, WhatsAppUser]:
    """Return the user of each person, created when unknown, with the rows locked to the transaction's end.

    `people` are the names each message came with, in the order they came; names that came together are one
    customer's. What is new for a known user is added, and users who turn out to be one are merged. `moves`
    are those of `people` that report a new phone number: the new name first, then the old ones. `as_of` is
    when the customers used the names, by the provider's clock: only then a name that had been replaced before
    is current again. None: unknown, or it was not a customer who used them.

    What is trusted is the provider's signature over the webhook, nothing else: whoever could forge it could
    join anybody's history to theirs. So never pass more than one name from any other source (API, staff).

    Rows are locked in one order, so that two webhooks about the same users never block each other.
    Raises NamesContestedError (a django.db.Error) when that order cannot be kept.
    """
    given = _given(people)
    forms = {names: tuple(map(canonical_form, names)) for names in people}
    known = _known(channel, given)
    found = persons([forms[names] for names in people], known)
    missing = given.keys() - {name.form for name in known}
    if missing and not _registered(channel, found, {form: given[form] for form in sorted(missing)}):
        return users_locked(channel, people, moves=moves, as_of=as_of)
    moved = set(map(forms.__getitem__, moves))
    users: dict[str, WhatsAppUser] = {}
    for person in found:
        user = _united(person, moved)
        users |= dict.fromkeys(person.forms, user)
        _note_names(user, person, given, missing, as_of)
    return {names: users[forms[names][0]] for names in people}


def user_locked(channel: Channel, names: Names) -> WhatsAppUser:
    """Return the one user that `names` belong to, as `users_locked` does."""
    return users_locked(channel, [names])[names]


def _given(people: Iterable[Names]) -> dict[str, Identity]:
    """Return how each name, by its canonical form, was written last; of one message's, the preferred way."""
    last = [sorted(names, key=lambda name: -_PREFERENCE.index(name.kind)) for names in people]
    return {canonical_form(name): name for names in last for name in names}


def _known(channel: Channel, forms: Iterable[str]) -> list[KnownName]:
    """Return what is known under these forms, the users' rows locked and each one object."""
    searched = {form: form for form in forms} | {left_over(form): form for form in forms}
    users: dict[int, WhatsAppUser] = {}
    found: list[KnownName] = []
    for row in WhatsAppUser.objects.raw(_KNOWN_LOCKED, [channel.pk, list(searched)]):
        columns = vars(row)
        written = Identity(IdentityKind(columns["known_kind"]), columns["known_value"])
        user = users.setdefault(row.pk, row)
        form = searched[columns["known_as"]]
        found.append(KnownName(form, written, columns["known_replaced_at"], user))
    return found


def _registered(channel: Channel, found: Sequence[Person], missing: dict[str, Identity]) -> bool:
    """Give the missing names (in the order of their forms) to their persons, creating users who have none.

    False when somebody else was quicker with one of the names: then nothing is changed, and all are known.
    """
    locked = {pk for person in found for pk in person.users}
    try:
        with transaction.atomic():
            _register(channel, found, missing)
    except IntegrityError:
        names = UserIdentity.objects.filter(channel=channel, canonical__in=missing)
        owners = set(names.values_list("user_id", flat=True))
        if not owners:
            raise
        if any(pk < max(locked, default=0) for pk in owners - locked):
            raise NamesContestedError("a name was given to an older user meanwhile") from None
        return False
    return True


def _register(channel: Channel, found: Sequence[Person], missing: dict[str, Identity]) -> None:
    for person in found:
        if not person.users:
            user = WhatsAppUser.objects.create(channel=channel)
            person.users[user.pk] = user
    owners = {form: min(person.users) for person in found for form in person.forms if form in missing}
    UserIdentity.objects.bulk_create(
        UserIdentity(user_id=owners[form], channel=channel, kind=name.kind, value=name.value, canonical=form)
        for form, name in missing.items()
    )


def _united(person: Person, moved: Collection[tuple[str, ...]]) -> WhatsAppUser:
    """Return the person's one user, made of all of them if there are several."""
    users = list(person.users.values())
    if len(users) == 1:
        return users[0]
    has_moved = any(form in forms for forms in moved for form in person.forms)
    return users_merge(users, reason=MergeReason.NUMBER_CHANGED if has_moved else MergeReason.NAMED_TOGETHER)


def _note_names(
    user: WhatsAppUser,
    person: Person,
    given: dict[str, Identity],
    missing: Collection[str],
    as_of: datetime | None,
) -> None:
    """Store what is new about the names of a person."""
    rewritten = [name.form for name in person.known if given[name.form] != name.written]
    for form in rewritten:
        names = UserIdentity.objects.filter(user=user, canonical=form)
        names.update(kind=given[form].kind, value=given[form].value)
    is_to_order = _is_to_order(person, missing, as_of)
    if is_to_order:
        _make_current(user, list(person.forms), as_of)
    if is_to_order or rewritten:
        client_data.invalidate(channel_id=user.channel_id, user_id=user.pk)


def _is_to_order(person: Person, missing: Collection[str], as_of: datetime | None) -> bool:
    """Say whether a name may take another one's place: one that is new, back, or came from another user."""
    if len(person.users) > 1:
        return True
    if as_of and any(name.replaced_at and name.replaced_at < as_of for name in person.known):
        return True
    # A new user with one name of each family has nothing to put in order.
    has_more = person.known or len(set(map(family, person.forms))) < len(person.forms)
    return bool(has_more) and any(form in missing for form in person.forms)


def _make_current(user: WhatsAppUser, forms: Sequence[str], as_of: datetime | None) -> None:
    """Let the first form of each family be the user's current name of that family, the others replaced."""
    current = {family(form): form for form in reversed(forms)}
    same_families = Q()
    for kind in current:
        same_families |= Q(canonical__startswith=f"{kind}:")
    names = UserIdentity.objects.filter(user=user)
    names.filter(canonical__in=current.values()).update(replaced_at=None)
    others = names.filter(same_families, replaced_at=None).exclude(canonical__in=current.values())
    others.update(replaced_at=as_of or Now())
