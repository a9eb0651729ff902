"""Who is who: the names of a webhook and the users they are known for, put together into persons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conversations.models import WhatsAppUser
from sessions_app.providers.base import Identity


@dataclass(frozen=True, slots=True)
class KnownName:
    """A stored name: its canonical `form`, how it is `written`, and since when another has its place."""

    form: str
    written: Identity
    replaced_at: datetime | None
    user: WhatsAppUser


@dataclass(slots=True)
class Person:
    """Canonical forms of one person's names, those given last first, and the users known by them."""

    forms: dict[str, None] = field(default_factory=dict)
    users: dict[int, WhatsAppUser] = field(default_factory=dict)
    known: list[KnownName] = field(default_factory=list)


def persons(people: Sequence[Sequence[str]], known: Iterable[KnownName]) -> list[Person]:
    """Return the persons behind `people`, the forms that were given together, in the order they came.

    Forms that were given together are one person's, and so are all names of one known user.
    """
    parents: dict[str | int, str | int] = {}

    def root(node: str | int) -> str | int:
        while parents.setdefault(node, node) != node:
            parents[node] = node = parents[parents[node]]
        return node

    for forms in people:
        for form in forms:
            parents[root(form)] = root(forms[0])
    for name in known:
        parents[root(name.user.pk)] = root(name.form)
    found: dict[str | int, Person] = {}
    for forms in reversed(people):
        for form in forms:
            found.setdefault(root(form), Person()).forms.setdefault(form)
    for name in known:
        person = found[root(name.form)]
        person.users[name.user.pk] = name.user
        person.known.append(name)
    return list(found.values())
