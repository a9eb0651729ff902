"""What the models cost, and which of them suit which messages."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from conversations.models import ModelPrice, RouteChoice
from conversations.services import prices

Row = TypeVar("Row", bound=Model)


class _RememberedAdmin(ModelAdmin[Row]):
    """Of rows that every process remembers: this one need not wait to see the change."""

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        prices.forget()

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        super().delete_model(request, obj)
        prices.forget()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> None:
        super().delete_queryset(request, queryset)
        prices.forget()


@admin.register(ModelPrice)
class ModelPriceAdmin(_RememberedAdmin[ModelPrice]):
    list_display = (
        "model",
        "provider",
        "valid_from",
        "input",
        "cached",
        "output",
        "from_input_tokens",
        "weekdays",
        "starts_at",
        "ends_at",
    )
    list_filter = ("provider", "model")
    search_fields = ("model",)
    date_hierarchy = "valid_from"
    save_as = True  # a new price is most often an old one with another date
    fieldsets = (
        (None, {"fields": (("provider", "model"), "valid_from", ("input", "cached", "output"))}),
        (_("Only for"), {"fields": ("from_input_tokens", "weekdays", ("starts_at", "ends_at"))}),
    )


@admin.register(RouteChoice)
class RouteChoiceAdmin(_RememberedAdmin[RouteChoice]):
    list_display = ("__str__", "tier", "provider", "model", "position", "is_active")
    list_editable = ("position", "is_active")
    list_filter = ("tier", "provider", "is_active")
    ordering = ("tier", "position", "id")
