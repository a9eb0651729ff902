"""Threads: the stretches of a conversation that the model sees."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conversations.admin.base import ReadOnlyAdmin
from conversations.models import Thread
from conversations.services.summaries import request_cleanup


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin[Thread]):
    list_display = ("id", "user", "token_count", "started_at", "closed_at", "close_reason")
    list_display_links = ("id", "user")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "user__channel")
    list_select_related = ("user",)
    search_fields = ("user__name", "=user__identities__value")
    ordering = ("-id",)
    actions = ("clean",)
    fields = ("user", "token_count", "summary", ("started_at", "closed_at"), "close_reason", "successor")

    def has_clean_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.change_thread")

    @admin.action(description=_("Summarise and begin anew"), permissions=["clean"])
    def clean(self, request: HttpRequest, queryset: QuerySet[Thread]) -> None:
        """Let a worker close the selected threads and open their successors."""
        if request_cleanup(queryset.filter(closed_at=None).values_list("pk", flat=True)):
            self.message_user(request, _("The open threads are being summarised."), messages.SUCCESS)
        else:
            self.message_user(request, _("The workers cannot be reached; try again later."), messages.ERROR)
