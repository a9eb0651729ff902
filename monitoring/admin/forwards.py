"""Forwarding to Laravel: how it stands, what waits or was parked, and the batches."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin, badge
from monitoring.services.forwarding import forwarding_view
from sessions_app.models import Forward, ForwardBatch
from sessions_app.services.forward_replay import forwards_replay
from sessions_app.services.laravel import Verdict

REPLAY = "sessions_app.change_forward"


@admin.register(Forward)
class ForwardAdmin(ReadOnlyAdmin[Forward]):
    """The rows, with the state of forwarding above them."""

    change_list_template = "admin/sessions_app/forward/change_list.html"
    list_display = (
        "device",
        "kind",
        "state_badge",
        "priority",
        "version",
        "sent_version",
        "attempts",
        "error",
    )
    list_display_links = None
    list_filter = ("state", "kind", "priority")
    list_select_related = ("device",)
    search_fields = ("device__session_id__exact",)
    search_help_text = _("A whole session name.")
    ordering = ("-updated_at", "-id")
    actions = ("replay",)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, row: Forward) -> SafeString:
        return badge(row.state, row.get_state_display())

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REPLAY)

    @admin.action(description=_("Send parked items again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Forward]) -> None:
        """Let the next batch take those of the selected rows that are parked."""
        replayed = forwards_replay(queryset.order_by().values_list("pk", flat=True))
        text = ngettext(
            "%(count)d item goes with the next batch.", "%(count)d items go with the next batch.", replayed
        )
        self.message_user(
            request, text % {"count": replayed}, messages.SUCCESS if replayed else messages.WARNING
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "forwarding": forwarding_view()})


class VerdictFilter(admin.SimpleListFilter):
    """By what Laravel said, in words."""

    title = _("result")
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(verdict.value, str(verdict.label)) for verdict in Verdict]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ForwardBatch]) -> QuerySet[ForwardBatch]:
        return queryset.filter(result=self.value()) if self.value() else queryset


@admin.register(ForwardBatch)
class ForwardBatchAdmin(ReadOnlyAdmin[ForwardBatch]):
    """The requests of the last days."""

    list_display = ("started_at", "kind", "size", "attempts", "result_badge", "finished_at", "key")
    list_display_links = None
    list_filter = ("kind", VerdictFilter)
    ordering = ("-started_at", "-id")

    @admin.display(description="Idempotency-Key")
    def key(self, batch: ForwardBatch) -> str:
        return str(batch.pk)

    @admin.display(description=_("result"), ordering="result")
    def result_badge(self, batch: ForwardBatch) -> SafeString:
        if not batch.result:
            return badge("sending", gettext("under way"))
        verdict = Verdict(batch.result)
        return badge("accepted" if verdict is Verdict.ACCEPTED else "failed", str(verdict.label))
