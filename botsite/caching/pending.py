"""Invalidations kept in Postgres, and doing them later."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection
from django.db.models import Manager
from django.db.models.functions import Now

from botsite.caching import shared
from botsite.caching.shared import Place

if TYPE_CHECKING:
    from botsite.caching.models import PendingInvalidation

SETTLING_SECONDS = 2.0
"""How long the process that wrote a row has to do it itself."""


def remember(layer_name: str, key: str) -> int:
    """Write a row, in the caller's transaction if there is one; returns its id. Raises django.db.Error."""
    return _rows().create(layer=layer_name, key=key).pk


def remember_all(entries: Sequence[tuple[str, str]]) -> list[int]:
    """Write a row for each (layer, key) in one statement, as `remember` does."""
    rows = _rows()
    return [row.pk for row in rows.bulk_create([rows.model(layer=layer, key=key) for layer, key in entries])]


def settle(*pks: int) -> None:
    """Delete the rows: Redis has heard of them."""
    _rows().filter(pk__in=pks).delete()


def replay(server: str, *, urgent: bool) -> list[tuple[str, str]]:
    """Do what is pending, if not `urgent` only what is older than a moment; returns (layer, key) of each.

    For threads that hold no connection of their own: theirs is closed. Raises django.db.Error and RedisError.
    """
    try:
        rows = _rows().all()
        if not urgent:
            rows = rows.filter(created_at__lt=Now() - timedelta(seconds=SETTLING_SECONDS))
        found = list(rows.values_list("pk", "layer", "key"))
        places = list(dict.fromkeys((layer, key) for _, layer, key in found))
        for layer, key in places:
            shared.drop(Place(server, layer, key))
        if found:
            _rows().filter(pk__in=[pk for pk, _, _ in found]).delete()
        return places
    finally:
        connection.close()


def _rows() -> "Manager[PendingInvalidation]":
    # By name: the package is imported before there are models.
    model: type[PendingInvalidation] = apps.get_model("caching", "PendingInvalidation")
    return model.objects
