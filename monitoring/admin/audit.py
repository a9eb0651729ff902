"""Who changed what: admin's own log and the changes by API, to be read."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin
from monitoring.models import AuditEvent


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin[LogEntry]):
    """What staff added, changed and deleted."""

    list_display = ("action_time", "user", "what", "linked_object", "change")
    list_display_links = None
    list_filter = ("action_flag", ("user", admin.RelatedOnlyFieldListFilter), "action_time")
    search_fields = ("object_repr", "object_id", "user__username")
    list_select_related = ("user", "content_type")
    ordering = ("-action_time", "-id")
    fields = ("action_time", "user", "content_type", "linked_object", "what", "change")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("admin.view_logentry")

    @admin.display(description=_("object"))
    def linked_object(self, entry: LogEntry) -> SafeString | str:
        address = None if entry.is_deletion() else entry.get_admin_url()
        return (
            format_html('<a href="{}">{}</a>', address, entry.object_repr) if address else entry.object_repr
        )

    @admin.display(description=_("action"), ordering="action_flag")
    def what(self, entry: LogEntry) -> str:
        return str(entry.get_action_flag_display())

    @admin.display(description=_("change"))
    def change(self, entry: LogEntry) -> str:
        return str(entry.get_change_message())


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    """What API keys and commands changed."""

    list_display = ("at", "action", "actor", "linked_subject", "address")
    list_display_links = None
    list_filter = ("action", "at")
    search_fields = ("actor", "subject", "address")
    ordering = ("-at", "-id")

    @admin.display(description=_("object"), ordering="subject")
    def linked_subject(self, event: AuditEvent) -> SafeString | str:
        label, _separator, pk = event.subject.partition(":")
        try:
            model = apps.get_model(label)
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
        except (LookupError, ValueError, NoReverseMatch):
            return event.subject
        return format_html('<a href="{}">{} {}</a>', address, model._meta.verbose_name, pk)
