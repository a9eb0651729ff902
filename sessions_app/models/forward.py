"""The outbox to Laravel: what of a device is still to be told, and the batches that tell it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sessions_app.models.device import Device


class ForwardKind(models.TextChoices):
    QR = "qr", _("QR code")
    STATUS = "status", _("status")


class ForwardState(models.TextChoices):
    PENDING = "pending", _("pending")
    SENDING = "sending", _("sending")
    DELIVERED = "delivered", _("delivered")
    PARKED = "parked", _("parked")
    EXPIRED = "expired", _("expired")


class ForwardPriority(models.TextChoices):
    HIGH = "high", _("high")
    NORMAL = "normal", _("normal")


class ForwardBatch(models.Model):
    """One request to Laravel, with all of its repetitions. Its `id` is the Idempotency-Key.

    As long as it is not finished, the same content (told by `digest`, SHA-256) goes under the same id.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=ForwardKind)
    digest = models.CharField(max_length=64, editable=False)
    size = models.PositiveIntegerField(pgettext_lazy("of a batch", "items"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    result = models.CharField(_("result"), max_length=40, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch to Laravel")
        verbose_name_plural = _("batches to Laravel")
        constraints = [
            models.UniqueConstraint(
                fields=("digest",), condition=Q(finished_at=None), name="forward_batch_once_under_way"
            ),
        ]
        indexes = [
            models.Index(fields=("-started_at",), name="forward_batch_started"),
            models.Index(fields=("kind", "-finished_at"), name="forward_batch_finished"),  # the last flush
        ]

    def __str__(self) -> str:
        return str(self.id)


class Forward(models.Model):
    """The newest status or QR code of a device on its way to Laravel: a row of each kind, one send at a time.

    `version` is the device's newest version of this kind; `sent_version` the one that Laravel has. A row that
    is raised while it is being sent becomes pending again afterwards: an older one never comes last.
    """

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="forwards", verbose_name=_("device session")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ForwardKind)
    state = models.CharField(_("state"), max_length=10, choices=ForwardState, default=ForwardState.PENDING)
    priority = models.CharField(
        _("priority"), max_length=10, choices=ForwardPriority, default=ForwardPriority.NORMAL
    )
    version = models.BigIntegerField(_("version"))
    sent_version = models.BigIntegerField(_("version delivered"), default=0)
    due_at = models.DateTimeField(_("due"))
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    batch = models.ForeignKey(
        ForwardBatch,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="forwards",
        verbose_name=_("last batch"),
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("forward to Laravel")
        verbose_name_plural = _("forwards to Laravel")
        constraints = [
            models.UniqueConstraint(fields=("device", "kind"), name="forward_one_per_device_and_kind"),
        ]
        indexes = [
            # What the forwarder takes next.
            models.Index(
                fields=("kind", "due_at"), condition=Q(state__in=("pending", "sending")), name="forward_due"
            ),
            models.Index(fields=("state", "-updated_at"), name="forward_state"),  # the admin's list
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.kind}"
