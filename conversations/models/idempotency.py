"""What a client has already asked for: a repeat of the request finds the message of the first."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.message import Message


class IdempotentRequest(models.Model):
    """The message made for a client's Idempotency-Key. `fingerprint` tells a repeat from another request."""

    client = models.CharField(_("client"), max_length=100, help_text=_("The name of its API keys."))
    key = models.CharField(_("key"), max_length=200)
    fingerprint = models.CharField(max_length=64)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(_("stored"), auto_now_add=True)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [
            models.UniqueConstraint(fields=("client", "key"), name="idempotent_request_unique"),
        ]
        indexes = [models.Index(fields=("created_at",), name="idempotent_request_age")]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"
