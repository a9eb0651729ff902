"""Orders: read, and taken from step to step."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from conversations.admin.base import ReadOnlyAdmin, badge
from conversations.shop.models import Order, OrderItem, OrderState
from conversations.shop.refusals import ShopRefusal
from conversations.shop.services.order_states import STEPS, order_set_state

if TYPE_CHECKING:
    Inline = admin.TabularInline[OrderItem, Order]
else:
    Inline = admin.TabularInline

COLOURS = {
    OrderState.PLACED: "pending",
    OrderState.CONFIRMED: "active",
    OrderState.SHIPPED: "active",
    OrderState.DELIVERED: "delivered",
    OrderState.CANCELLED: "",
}
LABELS = {
    OrderState.CONFIRMED: _("Confirm"),
    OrderState.SHIPPED: _("Mark as shipped"),
    OrderState.DELIVERED: _("Mark as delivered"),
    OrderState.CANCELLED: _("Cancel and give the stock back"),
}


class OrderItemInline(Inline):
    model = OrderItem
    fields = ("name", "sku", "unit_price", "quantity", "line_total")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    @admin.display(description=_("total"))
    def line_total(self, item: OrderItem) -> str:
        return number_format(item.total)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin[Order]):
    list_display = ("number", "standing", "user", "total", "currency", "placed_at", "channel")
    list_display_links = ("number", "user")
    list_filter = ("state", "channel", "placed_at")
    list_select_related = ("user", "channel")
    list_per_page = 50
    search_fields = ("=number", "user__name", "=user__identities__value", "items__name")
    search_help_text = _("Number, customer or product")
    ordering = ("-placed_at",)
    inlines = (OrderItemInline,)
    actions = ("confirm", "ship", "deliver", "cancel")
    fields = ("standing", "user", "channel", ("total", "currency"), "note", ("placed_at", "updated_at"))

    def has_step_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.change_order")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.step_view))
        return [path("<int:pk>/step/", view, name="shop_order_step"), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        steps = STEPS[OrderState(order.state)] if order and self.has_step_permission(request) else ()
        labels = [(state, label) for state, label in LABELS.items() if state in steps]
        return super().change_view(request, object_id, form_url, {"steps": labels, **(extra_context or {})})

    def step_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one order on to the state that the pressed button names."""
        state = request.POST.get("state", "")
        if not self.has_step_permission(request):
            raise PermissionDenied
        if state not in OrderState.values or not self.get_queryset(request).filter(pk=pk).exists():
            raise Http404
        self._take(request, [pk], OrderState(state))
        return HttpResponseRedirect(reverse("admin:shop_order_change", args=[pk]))

    @admin.action(description=LABELS[OrderState.CONFIRMED], permissions=["step"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._take(request, _ids(queryset), OrderState.CONFIRMED)

    @admin.action(description=LABELS[OrderState.SHIPPED], permissions=["step"])
    def ship(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._take(request, _ids(queryset), OrderState.SHIPPED)

    @admin.action(description=LABELS[OrderState.DELIVERED], permissions=["step"])
    def deliver(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._take(request, _ids(queryset), OrderState.DELIVERED)

    @admin.action(description=LABELS[OrderState.CANCELLED], permissions=["step"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._take(request, _ids(queryset), OrderState.CANCELLED)

    @admin.display(description=_("state"), ordering="state")
    def standing(self, order: Order) -> SafeString:
        return badge(COLOURS[OrderState(order.state)], order.get_state_display())

    def _take(self, request: HttpRequest, order_ids: list[int], state: OrderState) -> None:
        refused = 0
        for pk in order_ids:
            try:
                order = order_set_state(pk, state)
            except ShopRefusal:
                refused += 1
            else:
                self.log_change(request, order, str(state.label))
        done = len(order_ids) - refused
        if done:
            text = ngettext("%(count)d order is %(state)s.", "%(count)d orders are %(state)s.", done)
            self.message_user(request, text % {"count": done, "state": state.label}, messages.SUCCESS)
        if refused:
            text = ngettext(
                "%(count)d order stays as it is: that is not its next step.",
                "%(count)d orders stay as they are: that is not their next step.",
                refused,
            )
            self.message_user(request, text % {"count": refused}, messages.WARNING)


def _ids(orders: QuerySet[Order]) -> list[int]:
    return list(orders.order_by("pk").values_list("pk", flat=True))
