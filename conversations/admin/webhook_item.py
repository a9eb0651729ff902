"""Webhook items that were acknowledged and not understood."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin, pretty_json
from conversations.models import WebhookItem


@admin.register(WebhookItem)
class WebhookItemAdmin(ReadOnlyAdmin[WebhookItem]):
    list_display = ("received_at", "channel", "reason", "external_id")
    list_display_links = ("received_at", "reason")
    list_filter = ("channel",)
    list_select_related = ("channel",)
    search_fields = ("reason", "=external_id")
    fields = ("channel", "received_at", "reason", "external_id", "content")

    @admin.display(description=_("as it came"))
    def content(self, item: WebhookItem) -> SafeString:
        return pretty_json(item.payload)
