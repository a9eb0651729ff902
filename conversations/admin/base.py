"""What the admin's pages share."""

import json
from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from botsite.admin import ModelAdmin

Row = TypeVar("Row", bound=Model)


class ReadOnlyAdmin(ModelAdmin[Row]):
    """Rows that the machinery writes: staff read them and change nothing by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


def pretty_json(value: Any) -> SafeString:
    """Return a JSON value as an indented block."""
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html('<pre class="payload">{}</pre>', text)


def badge(state: str, label: str) -> SafeString:
    """Return `label` as a badge in the colour of `state`."""
    return format_html('<span class="badge badge--{}">{}</span>', state, label)
