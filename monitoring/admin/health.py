"""The history of the health checks, and the processes that are alive, to be read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin
from monitoring.models import HealthCheck, HealthSpan, ProcessHeartbeat, Status
from monitoring.services.health_names import label_of
from monitoring.services.health_states import detail_text


class CheckFilter(admin.SimpleListFilter):
    """By check, under what people call it."""

    title = _("check")
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        names = HealthCheck.objects.values_list("name", flat=True)
        return sorted(((name, label_of(name)) for name in names), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[HealthSpan]) -> QuerySet[HealthSpan]:
        return queryset.filter(check_name=self.value()) if self.value() else queryset


@admin.register(HealthSpan)
class HealthSpanAdmin(ReadOnlyAdmin[HealthSpan]):
    """What each check found, and for how long; the newest first."""

    list_display = ("began_at", "label", "badge", "lasted", "text")
    list_display_links = None
    list_filter = ("status", CheckFilter, "began_at")
    ordering = ("-began_at", "-id")
    fields = ("label", "badge", "began_at", "ended_at", "text")

    @admin.display(description=_("check"), ordering="check_name")
    def label(self, span: HealthSpan) -> str:
        return label_of(span.check_name)

    @admin.display(description=_("status"), ordering="status")
    def badge(self, span: HealthSpan) -> SafeString:
        kind = "" if span.status == Status.UNKNOWN else f"badge--{span.status}"
        return format_html('<span class="badge {}">{}</span>', kind, span.get_status_display())

    @admin.display(description=_("lasted"))
    def lasted(self, span: HealthSpan) -> str:
        return timesince(span.began_at, span.ended_at)

    @admin.display(description=_("detail"))
    def text(self, span: HealthSpan) -> str:
        return detail_text(span.detail, span.detail_values)


@admin.register(ProcessHeartbeat)
class ProcessHeartbeatAdmin(ReadOnlyAdmin[ProcessHeartbeat]):
    """The web, worker and beat processes of all machines; a silent one stays listed for an hour."""

    list_display = ("kind", "host", "pid", "started_at", "seen_at", "memory", "cpu")
    list_display_links = None
    list_filter = ("kind", "host")
    ordering = ("kind", "host", "pid")

    @admin.display(description=_("memory"), ordering="rss_bytes", empty_value="–")
    def memory(self, process: ProcessHeartbeat) -> str | None:
        return filesizeformat(process.rss_bytes) if process.rss_bytes else None

    @admin.display(description="CPU", ordering="cpu_percent", empty_value="–")
    def cpu(self, process: ProcessHeartbeat) -> str | None:
        return None if process.cpu_percent is None else f"{number_format(process.cpu_percent, 1)} %"
