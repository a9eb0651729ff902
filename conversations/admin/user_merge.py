"""Merges: which users turned out to be one customer, when and why."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin, pretty_json
from conversations.models import UserMerge


@admin.register(UserMerge)
class UserMergeAdmin(ReadOnlyAdmin[UserMerge]):
    list_display = ("merged_at", "kept", "merged_pk", "known_as", "reason")
    list_filter = ("reason", "kept__channel")
    list_select_related = ("kept",)
    search_fields = ("=merged_pk", "kept__name", "names")
    ordering = ("-id",)
    fields = ("kept", "merged_pk", "known_as", "reason", "rows_moved", "rows_left_out", "merged_at")

    @admin.display(description=_("known as"))
    def known_as(self, merge: UserMerge) -> str:
        return ", ".join(name["value"] for name in merge.names)

    @admin.display(description=_("rows moved"))
    def rows_moved(self, merge: UserMerge) -> SafeString:
        return pretty_json(merge.moved)

    @admin.display(description=_("rows not moved"))
    def rows_left_out(self, merge: UserMerge) -> SafeString:
        return pretty_json(merge.left_out)
