"""Circuit breakers: how they stand, buttons to open and close them, and what happened to them."""

from collections.abc import Sequence

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from botsite.resilience.redis_rest import RedisAway
from conversations.admin.base import ReadOnlyAdmin, badge
from monitoring.models import BreakerEvent, CircuitState
from monitoring.services.breakers import BreakerView, breaker_force, breakers

OPERATE = "monitoring.operate_breaker"


class ForceForm(forms.Form):
    """Which circuit is to be opened or closed."""

    name = forms.CharField(max_length=200)
    to = forms.ChoiceField(choices=[(CircuitState.OPEN, ""), (CircuitState.CLOSED, "")])


@admin.register(BreakerEvent)
class BreakerEventAdmin(ReadOnlyAdmin[BreakerEvent]):
    """The list of events, with the circuits of now above it."""

    change_list_template = "admin/monitoring/breakerevent/change_list.html"
    list_display = ("at", "name", "now_badge", "was", "cause", "staff")
    list_display_links = None
    list_filter = ("cause", "name")
    ordering = ("-at", "-id")

    @admin.display(description=gettext_lazy("became"), ordering="now")
    def now_badge(self, event: BreakerEvent) -> SafeString:
        return badge(event.now, event.get_now_display())

    def get_urls(self) -> list[URLPattern]:
        force = self.admin_site.admin_view(require_POST(self.force))
        return [path("force/", force, name="monitoring_breaker_force"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        context = {
            **(extra_context or {}),
            "breakers": _breakers_or_none(),
            "may_operate": request.user.has_perm(OPERATE),
        }
        return super().changelist_view(request, context)

    def force(self, request: HttpRequest) -> HttpResponse:
        """Open or close a known circuit by hand."""
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        try:
            self._force(request, breakers())
        except RedisAway:
            messages.error(request, _("Redis does not answer: nothing was changed."))
        return HttpResponseRedirect(reverse("admin:monitoring_breakerevent_changelist"))

    def _force(self, request: HttpRequest, known: Sequence[BreakerView]) -> None:
        form = ForceForm(request.POST)
        name = form.cleaned_data.get("name") if form.is_valid() else None
        if name not in {breaker.name for breaker in known}:
            messages.error(request, _("There is no such circuit."))
            return
        to_open = form.cleaned_data["to"] == CircuitState.OPEN
        if not breaker_force(name, to_open=to_open, staff=request.user.get_username()):
            messages.info(request, _("It was so already."))
        elif to_open:
            messages.success(request, _("No calls of %(name)s until you let them pass.") % {"name": name})
        else:
            messages.success(request, _("Calls of %(name)s pass again.") % {"name": name})


def _breakers_or_none() -> list[BreakerView] | None:
    try:
        return breakers()
    except RedisAway:
        return None
