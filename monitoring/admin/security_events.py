"""Security events, to be read."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from conversations.admin.base import ReadOnlyAdmin, pretty_json
from monitoring.models import SecurityEvent


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin[SecurityEvent]):
    """The list, the newest first; one event with all its facts."""

    list_display = ("at", "operation", "address", "request_id")
    list_filter = ("operation", "at")
    search_fields = ("address", "request_id")
    ordering = ("-at", "-id")
    fields = ("at", "operation", "address", "request_id", "all_facts")

    @admin.display(description=gettext_lazy("facts"))
    def all_facts(self, event: SecurityEvent) -> SafeString:
        return pretty_json(event.facts)
