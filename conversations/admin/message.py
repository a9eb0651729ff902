"""Messages of all conversations: to find one, and to see how it stands."""

from collections.abc import Iterable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from botsite.admin import ModelAdmin
from conversations.admin.base import ReadOnlyAdmin, badge, pretty_json
from conversations.bubbles import kind_text, reason_text
from conversations.models import InboundState, Message, OutboundState
from conversations.services.replay import messages_replay


class StateFilter(admin.SimpleListFilter):
    """The states of both directions in one list: `?state=`."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Message]) -> Iterable[tuple[str, str]]:
        states = dict(OutboundState.choices) | dict(InboundState.choices)
        return [(value, str(label)) for value, label in states.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin[Message]):
    list_display = ("created_at", "standing", "user", "author", "excerpt")
    list_display_links = ("created_at", "excerpt")
    list_filter = (StateFilter, "direction", "author", "channel")
    list_select_related = ("user",)
    search_fields = ("text", "=external_id")
    ordering = ("-id",)
    actions = ("replay",)
    fieldsets = (
        (None, {"fields": ("user", "channel_name", ("direction", "author", "kind_word"), "text", "note")}),
        (_("How it stands"), {"fields": ("state_badge", "why", ("failures", "crashes"), "degraded")}),
        (_("When"), {"fields": ("created_at", "provider_at", "accepted_at", "delivered_at", "read_at")}),
        (_("Where it belongs"), {"fields": ("external_id", "reply_to", "thread", "run", "template_text")}),
        (_("As it came"), {"fields": ("content",)}),
    )

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.change_message")

    @admin.action(description=_("Try parked messages again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Bring the selected messages out of the dead letter."""
        report = messages_replay(queryset.order_by("id").values_list("pk", flat=True))
        if report.replayed:
            text = ngettext(
                "%(count)d message is tried again.", "%(count)d messages are tried again.", report.replayed
            )
            self.message_user(request, text % {"count": report.replayed}, messages.SUCCESS)
        if report.refused:
            text = ngettext(
                "%(count)d message stays as it is: it is not parked, or the assistant is paused.",
                "%(count)d messages stay as they are: they are not parked, or the assistant is paused.",
                len(report.refused),
            )
            self.message_user(request, text % {"count": len(report.refused)}, messages.WARNING)

    @admin.display(description=_("text"))
    def excerpt(self, message: Message) -> str:
        return Truncator(message.text).chars(80) or f"({kind_text(message)})"

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, message: Message) -> SafeString:
        return badge(message.state, message.get_state_display())

    @admin.display(description=_("state"), ordering="state")
    def standing(self, message: Message) -> SafeString:
        shown = self.state_badge(message)
        return format_html('{}<span class="quiet">{}</span>', shown, reason_text(message))

    @admin.display(description=_("channel"))
    def channel_name(self, message: Message) -> str:
        return str(message.channel)  # no link: an agent may see no channel's page

    @admin.display(description=_("reason"))
    def why(self, message: Message) -> str:
        return reason_text(message) or "–"

    @admin.display(description=_("kind"))
    def kind_word(self, message: Message) -> str:
        return kind_text(message)

    @admin.display(description=_("template"))
    def template_text(self, message: Message) -> SafeString | str:
        return pretty_json(message.template) if message.template else "–"

    @admin.display(description=_("as it came"))
    def content(self, message: Message) -> SafeString:
        return pretty_json(message.payload)
