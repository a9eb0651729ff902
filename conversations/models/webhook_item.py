"""What a webhook brought and has no message to belong to (yet)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Channel


class WebhookItem(models.Model):
    """An item that was acknowledged and not understood, or that is for a number we do not know."""

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    reason = models.CharField(_("reason"), max_length=200)
    external_id = models.CharField(_("provider's id"), max_length=200, blank=True)
    payload = models.JSONField(_("as it came"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("unrecognised item")
        verbose_name_plural = _("unrecognised items")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=("channel", "external_id"), condition=~Q(external_id=""), name="webhook_item_unique"
            ),
        ]
        indexes = [models.Index(fields=("received_at",), name="webhook_item_age")]

    def __str__(self) -> str:
        return f"{self.reason} {self.pk}"


class EarlyStatus(models.Model):
    """A status for a message id that is not known yet; applied when the send's own answer has come."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10)
    at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("early status")
        verbose_name_plural = _("early statuses")
        constraints = [
            models.UniqueConstraint(fields=("channel", "external_id", "state"), name="early_status_unique"),
        ]
        indexes = [models.Index(fields=("received_at",), name="early_status_age")]

    def __str__(self) -> str:
        return f"{self.external_id} {self.state}"
