"""Whatever refers to a row: found by walking the foreign keys, so that models of later times come along."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db.models import CASCADE, ForeignObject, ForeignObjectRel, Model, Q, QuerySet

Reference: TypeAlias = "ForeignObject[Any, Any]"


def references(model: type[Model]) -> Iterator[Reference]:
    """Yield the foreign keys that point at `model`, also the hidden ones without a name on our side."""
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and (relation.one_to_many or relation.one_to_one):
            yield relation.field


@dataclass(slots=True)
class Belongings:
    """The models whose rows go with a row that is deleted, and those whose rows stay behind without it.

    Each with the look-ups that lead from its rows to that row, the shortest only.
    """

    going: dict[type[Model], list[str]] = field(default_factory=dict)
    staying: dict[type[Model], list[str]] = field(default_factory=dict)


def belongings(model: type[Model]) -> Belongings:
    """Walk from `model` to what refers to it, to what refers to that, and so on."""
    found = Belongings()
    going, staying = {model: [""]}, dict[type[Model], list[str]]()
    seen: set[type[Model]] = {model}
    while going or staying:
        more_going = _referring(going, seen, lambda rule: rule is CASCADE)
        more_staying = _referring(going, seen, lambda rule: rule is not CASCADE)
        more_staying |= _referring(staying, seen, lambda rule: rule is CASCADE)
        going = more_going
        staying = {each: paths for each, paths in more_staying.items() if each not in going}
        seen |= going.keys() | staying.keys()
        found.going |= going
        found.staying |= staying
    return found


def rows_of(model: type[Model], paths: list[str], owner: Model) -> QuerySet[Any]:
    """Return the rows of `model` that belong to `owner` by one of the look-ups `paths`."""
    condition = Q()
    for path in paths:
        condition |= Q(**{path: owner})
    return model._base_manager.filter(condition)


def _referring(
    targets: dict[type[Model], list[str]], seen: set[type[Model]], is_followed: Callable[[object], bool]
) -> dict[type[Model], list[str]]:
    """Return the models not `seen` yet that refer to the targets, by keys whose rule is followed."""
    found: dict[type[Model], list[str]] = defaultdict(list)
    for target, ways in targets.items():
        for reference in references(target):
            if reference.model not in seen and is_followed(reference.remote_field.on_delete):
                found[reference.model] += [_joined(reference.name, way) for way in ways]
    return dict(found)


def _joined(name: str, way: str) -> str:
    return f"{name}__{way}" if way else name
