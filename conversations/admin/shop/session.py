"""The customers' sessions: who is filling a cart right now."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin, pretty_json
from conversations.shop.models import CartItem, CustomerSession

if TYPE_CHECKING:
    Inline = admin.TabularInline[CartItem, CustomerSession]
else:
    Inline = admin.TabularInline


class CartItemInline(Inline):
    model = CartItem
    fields = readonly_fields = ("product", "quantity", "added_at")
    can_delete = False
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartItem]:
        return super().get_queryset(request).select_related("product")

    def has_add_permission(self, request: HttpRequest, obj: CustomerSession | None = None) -> bool:
        return False


@admin.register(CustomerSession)
class CustomerSessionAdmin(ReadOnlyAdmin[CustomerSession]):
    list_display = ("user", "state", "item_count", "channel", "started_at", "expires_at")
    list_filter = ("state", "user__channel")
    list_select_related = ("user__channel",)
    list_per_page = 50
    search_fields = ("user__name", "=user__identities__value")
    ordering = ("-expires_at",)
    inlines = (CartItemInline,)
    fields = ("user", "state", ("started_at", "expires_at", "closed_at"), "remembered")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerSession]:
        return super().get_queryset(request).annotate(products_known=Count("items"))

    @admin.display(description=_("products in the cart"), ordering="products_known")
    def item_count(self, session: CustomerSession) -> int:
        return int(getattr(session, "products_known", 0))

    @admin.display(description=_("channel"))
    def channel(self, session: CustomerSession) -> str:
        return str(session.user.channel)

    @admin.display(description=_("context"))
    def remembered(self, session: CustomerSession) -> SafeString:
        return pretty_json(session.context)
