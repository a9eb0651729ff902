"""Giving one row's place to another: whatever refers to the one is made to refer to the other."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import IntegrityError, transaction
from django.db.models import Model

from conversations.services.references import Reference, references


@dataclass(slots=True)
class Handover:
    """How many rows changed hands, by model label, and in full those that the new owner could not take."""

    moved: Counter[str] = field(default_factory=Counter)
    left_out: list[dict[str, Any]] = field(default_factory=list)


def hand_over(old: Model, new: Model) -> Handover:
    """Make every row of every model that refers to `old` refer to `new`, of the same model.

    Models that are added later come along by themselves. Where `new` has its own row already (one-to-one, or
    unique together with it), that one stays; the other is deleted and is to be found in `left_out`.
    """
    handover = Handover()
    for reference in references(type(old)):
        _move(reference, old, new, handover)
    log = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(old), object_id=str(old.pk))
    handover.moved[LogEntry._meta.label_lower] += log.update(object_id=str(new.pk))
    return handover


def _move(reference: Reference, old: Model, new: Model, handover: Handover) -> None:
    label = reference.model._meta.label_lower
    rows = reference.model._base_manager.filter(**{reference.name: old})
    try:
        with transaction.atomic():
            handover.moved[label] += rows.update(**{reference.name: new})
    except IntegrityError:
        for row in rows.order_by("pk"):
            _move_one(reference, row, new, handover)


def _move_one(reference: Reference, row: Model, new: Model, handover: Handover) -> None:
    one = reference.model._base_manager.filter(pk=row.pk)
    try:
        with transaction.atomic():
            handover.moved[reference.model._meta.label_lower] += one.update(**{reference.name: new})
    except IntegrityError:
        handover.left_out += serializers.serialize("python", [row])
        one.delete()
