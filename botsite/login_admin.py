"""Failed log-ins in admin: who is counted and shut out, and the button that unlocks."""

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from botsite.admin import ModelAdmin

# Words of django-axes, which speaks no Spanish; ours win.
AXES_WORDS = (_("access attempt"), _("access attempts"), _("Username"), _("IP Address"), _("Attempt Time"))


@admin.register(AccessAttempt)
class FailedLoginAdmin(ModelAdmin[AccessAttempt]):
    """Read, and unlock: deleting a row would do the same without a word in the log about whom."""

    list_display = ("username", "ip_address", "failures", "attempt_time", "is_locked")
    list_display_links = None
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)
    actions = ("unlock",)

    @admin.display(description=_("failures"), ordering="failures_since_start")
    def failures(self, attempt: AccessAttempt) -> int:
        return int(attempt.failures_since_start)

    @admin.display(description=_("locked out"), boolean=True)
    def is_locked(self, attempt: AccessAttempt) -> bool:
        """By this row alone; attempts with several browsers count together."""
        is_recent = timezone.now() - attempt.attempt_time < settings.AXES_COOLOFF_TIME
        return is_recent and self.failures(attempt) >= int(settings.AXES_FAILURE_LIMIT)

    @admin.action(description=_("Unlock"), permissions=["delete"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        """Forget the failures of the chosen accounts and addresses, whatever browser they used."""
        pairs = set(queryset.values_list("username", "ip_address"))
        for username, address in pairs:
            attempts = AccessAttempt.objects.filter(username=username, ip_address=address)
            self.log_deletions(request, attempts)
            attempts.delete()
        text = ngettext("%(count)d account unlocked.", "%(count)d accounts unlocked.", len(pairs))
        self.message_user(request, text % {"count": len(pairs)})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        return False
