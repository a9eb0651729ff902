"""Products: prices and stock at a glance, to be changed in the list."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Field as FormField
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from conversations.admin.shop.catalogue_import import ImportView
from conversations.shop.models import Product
from conversations.shop.services.inventory import stock_correct

FEW = 5


class StockFilter(admin.SimpleListFilter):
    """Products by how many there are."""

    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Product]) -> list[tuple[str, str]]:
        return [("none", str(_("Sold out"))), ("few", str(_("Few left"))), ("any", str(_("Not counted")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        wanted: dict[str | None, dict[str, Any]] = {
            "none": {"stock": 0},
            "few": {"stock__range": (1, FEW)},
            "any": {"stock": None},
        }
        return queryset.filter(**wanted.get(self.value(), {}))


@admin.register(Product)
class ProductAdmin(ModelAdmin[Product]):
    list_display = ("name", "sku", "category", "price", "currency", "stock", "is_active", "channel")
    list_editable = ("price", "stock", "is_active")
    list_filter = (StockFilter, "is_active", "category", "channel")
    list_select_related = ("category", "channel")
    list_per_page = 50
    search_fields = ("name", "sku", "description")
    autocomplete_fields = ("category",)
    fieldsets = (
        (None, {"fields": ("name", "sku", "channel", "category", "description")}),
        (_("Sale"), {"fields": (("price", "currency"), "stock", "is_active")}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(ImportView(self))
        return [path("import/", view, name="shop_product_import"), *super().get_urls()]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {"may_import": self.has_import_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_form(
        self, request: HttpRequest, obj: Product | None = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Product]]":
        form = super().get_form(request, obj, change, **kwargs)
        if "channel" in form.base_fields:
            form.base_fields["channel"].disabled = change  # carts and categories of it are the channel's
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> FormField | None:
        if db_field.name == "stock":
            kwargs["show_hidden_initial"] = True  # to know what staff saw, whatever was sold since
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Write what was changed and nothing else: the page may be older than the latest sale."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = set(form.changed_data)
        if changed - {"stock"}:
            obj.save(update_fields=[*(changed - {"stock"}), "updated_at"])
        if "stock" in changed:
            self._correct_stock(request, obj, form)

    def _correct_stock(self, request: HttpRequest, product: Product, form: Any) -> None:
        field = form["stock"]
        seen = field.field.to_python(form.data.get(field.html_initial_name))
        entered = product.stock
        product.stock = stock_correct(product.pk, seen=seen, entered=entered)
        if product.stock != entered:
            text = _("%(product)s was sold or returned in the meantime; there are %(stock)s now.")
            note = text % {"product": product, "stock": product.stock}
            self.message_user(request, note, messages.WARNING)
