"""Device sessions in the admin: the list, and each session's page with its QR code, live."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from botsite.admin import ModelAdmin
from botsite.ago import ago
from sessions_app.admin.device_live import CODE_PERMISSION, STATUS_BADGES, Live, view_of
from sessions_app.models import Device, Order
from sessions_app.models.device import status_word
from sessions_app.services.code_fetching import code_wanted
from sessions_app.services.gateway_orders import order_give

OTHER = "other"


class StatusFilter(admin.SimpleListFilter):
    """By the statuses that mean something here; what else gateways report is one more."""

    title = _("state")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Device]) -> list[tuple[str, str]]:
        return [*((status, status_word(status)) for status in STATUS_BADGES), (OTHER, str(_("other")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        if self.value() == OTHER:
            return queryset.exclude(status__in=STATUS_BADGES)
        return queryset.filter(status=self.value()) if self.value() else queryset


@admin.register(Device)
class DeviceAdmin(ModelAdmin[Device]):
    """Sessions are what gateways report: staff look at them, and may give them orders."""

    list_display = ("session_id", "state", "reported", "channel", "owner", "version")
    list_filter = (StatusFilter, "channel")
    list_select_related = ("channel",)
    list_per_page = 50
    search_fields = ("session_id", "owner")
    search_help_text = _("Session or owner")
    show_full_result_count = False
    fields = readonly_fields = ("channel_name", "owner", "version", "reported", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/live/", wrap(require_safe(self.live_view)), name="sessions_app_device_live"),
            path("<int:pk>/order/", wrap(require_POST(self.order_view)), name="sessions_app_device_order"),
        ]
        return own + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"show_save": False, "show_save_and_continue": False, "title": gettext("Device session")}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        device: Device = kwargs["obj"]
        context["live"] = _watched(request, device)
        context["may_order"] = self.has_change_permission(request, device)
        return super().render_change_form(request, context, *args, **kwargs)

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with what the session's page shows of it now; 304 when that is what the page has."""
        device = get_object_or_404(Device.objects.select_related("channel", "qr_code"), pk=pk)
        if not self.has_view_permission(request, device):
            raise PermissionDenied
        live = _watched(request, device)
        headers = {"ETag": live.etag}  # for the page's script alone: all of the admin is no-store
        if request.headers.get("If-None-Match") == live.etag:
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(live.html, headers=headers)

    def order_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the session started, restarted or logged out by its gateway; a worker asks it."""
        device = get_object_or_404(Device, pk=pk)
        if not self.has_change_permission(request, device):
            raise PermissionDenied
        if request.POST.get("order") in Order.values:
            order = Order(request.POST["order"])
            order_give(device, order)
            self.log_change(request, device, f"ordered: {order.value}")
            self.message_user(request, gettext("The gateway is being asked; what it says is shown here."))
        else:
            self.message_user(request, gettext("There is no such order."), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:sessions_app_device_change", args=[pk]))

    @admin.display(description=_("channel"))
    def channel_name(self, device: Device) -> str:
        return str(device.channel)  # no link: an agent may see no channel's page

    @admin.display(description=_("state"), ordering="status")
    def state(self, device: Device) -> SafeString:
        kind = STATUS_BADGES.get(device.status, OTHER)
        return format_html('<span class="badge badge--{}">{}</span>', kind, status_word(device.status))

    @admin.display(description=_("reported"), ordering="status_at")
    def reported(self, device: Device) -> str:
        if device.status_at is None:
            return gettext("never")
        return ago(device.status_at)


def _watched(request: HttpRequest, device: Device) -> Live:
    if request.user.has_perm(CODE_PERMISSION):
        code_wanted(device)
    return view_of(request, device)
