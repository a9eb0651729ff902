"""Changes of many rows at once, which send no signal, and what the cache has to forget for them."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models.functions import Now

from botsite.caching import ANSWER_STATE, invalidate_on_commit

Row = TypeVar("Row", bound=models.Model)


class InvalidatingQuerySet(models.QuerySet[Row]):
    """Rows that answers depend on: whatever changes many of them outdates the answer states of all channels.

    For models with a field `updated_at`.
    """

    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db):
            changed = super().update(**{"updated_at": Now()} | values)
            invalidate_on_commit(ANSWER_STATE)
        return changed

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, *args, **kwargs)
            invalidate_on_commit(ANSWER_STATE)
        return created


class InvalidatingManager(models.Manager[Row]):
    def get_queryset(self) -> InvalidatingQuerySet[Row]:
        return InvalidatingQuerySet(self.model, using=self._db)
