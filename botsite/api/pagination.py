"""Pages of a list, newest first, by a number that only grows: new rows never shift a page."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

Row = TypeVar("Row", bound=Model)

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR = 2**63 - 1


class PageQuery(serializers.Serializer[Any]):
    """`limit` rows that come before `cursor` (from the `next` of the page before)."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.IntegerField(min_value=1, max_value=MAX_CURSOR, required=False)


def page_of(
    rows: QuerySet[Row], request: Request, query: dict[str, Any], *, by: str
) -> tuple[list[Row], str | None]:
    """Return one page, highest `by` (a unique number) first, and the address of the next page or None."""
    if "cursor" in query:
        rows = rows.filter(**{f"{by}__lt": query["cursor"]})
    limit = query["limit"]
    found = list(rows.order_by(f"-{by}")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = getattr(found[limit - 1], by)
    return found[:limit], replace_query_param(request.build_absolute_uri(), "cursor", last)
