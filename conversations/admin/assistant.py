"""What the models cost, and which of them suit which messages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from conversations.models import ModelPrice, RouteChoice


@admin.register(ModelPrice)
class ModelPriceAdmin(ModelAdmin[ModelPrice]):
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
class RouteChoiceAdmin(ModelAdmin[RouteChoice]):
    list_display = ("__str__", "tier", "provider", "model", "position", "is_active")
    list_editable = ("position", "is_active")
    list_filter = ("tier", "provider", "is_active")
    ordering = ("tier", "position", "id")
