"""What the business wants to be known: staff write it here."""

from django.contrib import admin

from botsite.admin import ModelAdmin
from conversations.models import KnowledgeEntry


@admin.register(KnowledgeEntry)
class KnowledgeEntryAdmin(ModelAdmin[KnowledgeEntry]):
    list_display = ("question", "language", "channel", "is_active", "updated_at")
    list_editable = ("is_active",)
    list_filter = ("language", "is_active", "channel")
    list_select_related = ("channel",)
    search_fields = ("question", "answer")
    ordering = ("language", "id")
    fields = ("question", "answer", "language", "channel", "is_active")
