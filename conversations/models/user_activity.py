"""What a customer's conversation has come to: the thread that counts, its tokens, and the last activity."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.thread import Thread
from conversations.models.whatsapp_user import WhatsAppUser


class UserActivity(models.Model):
    """One row per customer, written by the fold alone (services/activity.py), some time after the events."""

    user = models.OneToOneField(
        WhatsAppUser,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="activity",
        verbose_name=_("user"),
    )
    thread = models.ForeignKey(
        Thread, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("thread")
    )
    thread_token_count = models.BigIntegerField(_("tokens"), default=0)
    last_activity_at = models.DateTimeField(_("last activity"))

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")

    def __str__(self) -> str:
        return f"{self.user} · {self.thread_token_count}"
