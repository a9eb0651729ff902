"""The record of erasures."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin, pretty_json
from conversations.models import Erasure


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin[Erasure]):
    list_display = ("__str__", "channel", "requested_by", "erased_at")
    list_filter = ("channel",)
    list_select_related = ("channel",)
    ordering = ("-erased_at",)
    fields = ("user_pk", "channel", "requested_by", "erased_at", "rows")
    readonly_fields = ("rows",)

    @admin.display(description=_("rows erased"))
    def rows(self, erasure: Erasure) -> SafeString:
        return pretty_json(erasure.counts)
