"""The customers: whose question waits, and the conversation of each as chat bubbles."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from botsite.admin import ModelAdmin
from conversations.admin.base import badge
from conversations.admin.memory import MemoryViews
from conversations.admin.personal_data import PersonalDataViews
from conversations.admin.transcript import TranscriptViews
from conversations.models import Direction, InboundState, Message, WhatsAppUser
from conversations.services import client_data
from conversations.services.user_lookup import names_matching
from conversations.shop.services import freshness
from conversations.shop.values import Customer


def _is_held() -> Q:
    """Match customers with a held message. IN is one hashed look; EXISTS would look once per customer."""
    held = Message.objects.filter(direction=Direction.IN, state=InboundState.HELD)
    return Q(pk__in=held.values("user_id"))


class WaitingFilter(admin.SimpleListFilter):
    """Customers with a held message."""

    title = _("waiting for a person")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[WhatsAppUser]) -> list[tuple[str, str]]:
        return [("1", str(_("Yes")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WhatsAppUser]) -> QuerySet[WhatsAppUser]:
        return queryset.filter(_is_held()) if self.value() else queryset


class PausedFilter(admin.SimpleListFilter):
    """Customers whom people answer."""

    title = _("assistant paused")
    parameter_name = "paused"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[WhatsAppUser]) -> list[tuple[str, str]]:
        return [("1", str(_("Yes"))), ("0", str(_("No")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WhatsAppUser]) -> QuerySet[WhatsAppUser]:
        if self.value() in ("0", "1"):
            return queryset.filter(paused_at__isnull=self.value() == "0")
        return queryset


@admin.register(WhatsAppUser)
class WhatsAppUserAdmin(ModelAdmin[WhatsAppUser]):
    """The list, and Django's form for what staff may correct; the change page is the transcript."""

    list_display = ("customer", "standing", "names", "channel", "last_inbound_at")
    list_filter = (WaitingFilter, PausedFilter, "channel")
    list_select_related = ("channel",)
    list_per_page = 50
    search_fields = ("name", "user_name", "identities__value")
    search_help_text = _("Name or number")
    show_full_result_count = False
    fields = ("name", "language", "channel", "user_name", "labels", "created_at")
    readonly_fields = ("channel", "user_name", "labels", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: WhatsAppUser | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WhatsAppUser]:
        rows = super().get_queryset(request).select_related("channel").prefetch_related("identities")
        return rows.annotate(is_held=_is_held()).order_by("-is_held", "-last_inbound_at", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WhatsAppUser], search_term: str
    ) -> tuple[QuerySet[WhatsAppUser], bool]:
        """Find a number also by the other ways to write it."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if named := list(names_matching(search_term).values_list("user_id", flat=True)):
            found |= queryset.filter(pk__in=named)
        return found, has_duplicates

    def get_urls(self) -> list[URLPattern]:
        views, memory = TranscriptViews(self), MemoryViews(self)
        own = [self._path("edit", self.edit_view), self._path("messages", views.feed, name="feed")]
        own += [
            self._path(name, require_POST(view))
            for name, view in (("reply", views.reply), ("pause", views.pause), ("resume", views.resume))
        ]
        own += [
            self._path("memory/note", require_POST(memory.note), name="note"),
            self._path("memory/erase", require_POST(memory.erase), name="erase"),
            self._path("memory/erase-summary", require_POST(memory.erase_summary), name="erase_summary"),
        ]
        personal = PersonalDataViews(self)
        own += [
            self._path("erase", personal.erase, name="erase_everywhere"),
            self._path("export", personal.export),
        ]
        return own + super().get_urls()

    def _path(self, step: str, view: Callable[..., HttpResponseBase], name: str = "") -> URLPattern:
        return path(
            f"<int:pk>/{step}/", self.admin_site.admin_view(view), name=f"whatsappuser_{name or step}"
        )

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Django's own form of the customer."""
        return super().change_view(request, str(pk))

    def save_model(self, request: HttpRequest, obj: WhatsAppUser, form: Any, change: bool) -> None:
        obj.save(update_fields=form.changed_data)  # the rest of the row is the queue's, and goes on changing
        client_data.invalidate(channel_id=obj.channel_id, user_id=obj.pk)
        freshness.session_changed(Customer.of(obj))

    def response_post_save_change(self, request: HttpRequest, obj: WhatsAppUser) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:conversations_whatsappuser_change", args=[obj.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return TranscriptViews(self).page(request, unquote(object_id))

    @admin.display(description=_("customer"), ordering="name")
    def customer(self, user: WhatsAppUser) -> str:
        return str(user)

    @admin.display(description=_("known as"))
    def names(self, user: WhatsAppUser) -> str:
        return ", ".join(name.value for name in user.identities.all() if name.replaced_at is None)

    @admin.display(description=_("state"))
    def standing(self, user: WhatsAppUser) -> SafeString:
        held = badge("held", str(_("waiting for a person"))) if getattr(user, "is_held", False) else ""
        paused = badge("paused", str(_("assistant paused"))) if user.paused_at else ""
        waits = badge("pending", str(_("waiting for a model"))) if user.waiting_since else ""
        return format_html("{} {} {}", held, paused, waits)
