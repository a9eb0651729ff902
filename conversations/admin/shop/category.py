"""The shelves of the catalogue."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from conversations.shop.models import Category


@admin.register(Category)
class CategoryAdmin(ModelAdmin[Category]):
    list_display = ("name", "position", "channel", "product_count", "is_active")
    list_editable = ("position", "is_active")
    list_filter = ("is_active", "channel")
    list_select_related = ("channel",)
    search_fields = ("name",)
    fields = ("name", "position", "channel", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(products_known=Count("products"))

    def get_form(
        self, request: HttpRequest, obj: Category | None = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Category]]":
        form = super().get_form(request, obj, change, **kwargs)
        if "channel" in form.base_fields:
            form.base_fields["channel"].disabled = change  # its products belong there
        return form

    @admin.display(description=_("products"), ordering="products_known")
    def product_count(self, category: Category) -> int:
        return int(getattr(category, "products_known", 0))
