"""All that is stored of a customer, as JSON in pieces: a long history is never in memory as a whole."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import timezone

from conversations.models import WebhookItem, WhatsAppUser
from conversations.services.raw_items import items_naming
from conversations.services.references import belongings, rows_of

CHUNK = 1000


def user_export(user: WhatsAppUser) -> Iterator[str]:
    """Yield the pieces of one JSON object.

    {"exportedAt", "user": {…}, "records": {"<app>.<model>": [{…}, …]}}: the rows of every model that
    refers to the customer, by their fields' names, and what names the customer without referring to them.
    """
    yield f'{{"exportedAt": {_json(timezone.now())},\n"user": {_json(_values(user))},\n"records": {{'
    separator = "\n"
    for label, rows in _records(user):
        yield f"{separator}{_json(label)}: ["
        yield from _pieces(rows.order_by("pk").iterator(chunk_size=CHUNK))
        yield "]"
        separator = ",\n"
    yield "\n}}\n"


def _records(user: WhatsAppUser) -> Iterator[tuple[str, QuerySet[Any]]]:
    owned = belongings(WhatsAppUser)
    for model, paths in (owned.going | owned.staying).items():
        yield (
            model._meta.label_lower,
            model._base_manager.filter(pk__in=rows_of(model, paths, user).values("pk")),
        )
    yield WebhookItem._meta.label_lower, items_naming(user)
    content_type = ContentType.objects.get_for_model(WhatsAppUser)
    yield (
        LogEntry._meta.label_lower,
        LogEntry.objects.filter(content_type=content_type, object_id=str(user.pk)),
    )


def _pieces(rows: Iterable[Model]) -> Iterator[str]:
    separator = "\n"
    for row in rows:
        yield separator + _json(_values(row))
        separator = ",\n"


def _values(row: Model) -> dict[str, Any]:
    return {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
