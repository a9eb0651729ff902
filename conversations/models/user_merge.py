"""The record of two users that turned out to be one customer."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.whatsapp_user import WhatsAppUser


class MergeReason(models.TextChoices):
    NAMED_TOGETHER = "named_together", _("names of both came with one message")
    NUMBER_CHANGED = "number_changed", _("WhatsApp reported a new phone number")


class UserMerge(models.Model):
    """The user `merged_pk`, which is no more, became part of `kept`.

    `names` are the merged user's: [{"kind", "value"}]. `moved` counts the rows that changed hands, by model:
    {"conversations.message": 3, …}. `left_out` holds, whole, the rows that `kept` could not take because it
    had its own.
    """

    kept = models.ForeignKey(
        WhatsAppUser, on_delete=models.CASCADE, related_name="merges", verbose_name=_("user")
    )
    merged_pk = models.BigIntegerField(_("number of the merged user"), unique=True)
    names = models.JSONField(_("known as"), default=list)
    reason = models.CharField(_("reason"), max_length=20, choices=MergeReason)
    moved = models.JSONField(_("rows moved"), default=dict)
    left_out = models.JSONField(_("rows not moved"), default=list, encoder=DjangoJSONEncoder)
    merged_at = models.DateTimeField(_("merged at"), auto_now_add=True)

    class Meta:
        verbose_name = _("merge of users")
        verbose_name_plural = _("merges of users")

    def __str__(self) -> str:
        return f"#{self.merged_pk} → {self.kept}"
