"""A linked device: the session that a gateway (Baileys, Evolution, WAHA) holds with WhatsApp, its QR code."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from botsite.encryption import EncryptedTextField
from sessions_app.models.channel import Channel

ACTIVE, INACTIVE, PENDING = "active", "inactive", "pending"
"""The statuses that mean something here; a gateway may report others, which are kept as they are."""
_STATUS_WORDS = {ACTIVE: _("linked"), INACTIVE: _("not linked"), PENDING: _("waiting to be linked")}


def status_word(status: str) -> str:
    """Return a status in words; one that only the gateway knows is shown as it is."""
    return str(_STATUS_WORDS.get(status, status))


class Order(models.TextChoices):
    """What a gateway can be asked to do with a session."""

    START = "start", _("start")
    RESTART = "restart", _("restart")
    LOG_OUT = "log_out", _("log out")


class OrderState(models.TextChoices):
    PENDING = "pending", _("pending")
    RUNNING = "running", _("being carried out")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Device(models.Model):
    """One session of a channel's gateway, as its newest event left it.

    `version` grows with every change of status or QR code; we allot it, so that a receiver can tell newer
    from older whatever the gateways' clocks say. `status_at` is when the status was last reported, by the
    gateway's clock; None: never. `order` is what its gateway was last asked to do, `code_asked_at` when it
    was last to be asked for a QR code.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="devices", verbose_name=_("channel")
    )
    session_id = models.CharField(_("session"), max_length=128)
    owner = models.CharField(
        _("owner"), max_length=64, blank=True, help_text=_("The caller's own id of the owner.")
    )
    status = models.CharField(_("status"), max_length=40, default=PENDING)
    status_at = models.DateTimeField(_("reported"), null=True, blank=True)
    version = models.BigIntegerField(_("version"), default=0)
    order = models.CharField(_("last order"), max_length=10, choices=Order, blank=True)
    order_state = models.CharField(_("state of the order"), max_length=10, choices=OrderState, blank=True)
    order_error = models.CharField(_("why it failed"), max_length=200, blank=True)
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    code_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("device session")
        verbose_name_plural = _("device sessions")
        ordering = ("channel", "session_id")
        constraints = [
            models.UniqueConstraint(fields=("channel", "session_id"), name="device_session_unique"),
        ]
        indexes = [
            models.Index(
                fields=("session_id",), name="device_session"
            ),  # a session asked for without a channel
            models.Index(fields=("status", "-updated_at"), name="device_status"),  # the admin's list
            models.Index(
                fields=("ordered_at",),
                condition=Q(order_state__in=("pending", "running")),
                name="device_order_due",
            ),
        ]

    def __str__(self) -> str:
        return self.session_id


class QrCode(models.Model):
    """The newest QR code of a device, encrypted; `digest` (SHA-256, hexadecimal) tells repeats apart."""

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, related_name="qr_code", verbose_name=_("device session")
    )
    payload = EncryptedTextField(_("QR code"))
    digest = models.CharField(_("digest"), max_length=64)
    version = models.BigIntegerField(_("version"))
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("QR code")
        verbose_name_plural = _("QR codes")

    def __str__(self) -> str:
        return f"{self.device} · {self.version}"
