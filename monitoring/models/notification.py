"""Whom alerts are told to, and what was."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from botsite.encryption import EncryptedTextField
from monitoring.alerts.severity import Severity
from monitoring.models.alert import Alert
from sessions_app.models import Channel


class TargetKind(models.TextChoices):
    EMAIL = "email", _("e-mail")
    WEBHOOK = "webhook", _("webhook")
    WHATSAPP = "whatsapp", "WhatsApp"


class NotificationTarget(models.Model):
    """Somebody to tell; with `delay_minutes`, of what nobody has acknowledged by then (escalation)."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=TargetKind)
    address = EncryptedTextField(
        _("address"),
        help_text=_("An e-mail address, an https:// address, or a phone number with its country code."),
    )
    secret = EncryptedTextField(
        _("secret"), blank=True, default="", help_text=_("Webhooks are signed with it (HMAC-SHA256).")
    )
    channel = models.ForeignKey(
        Channel,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("channel"),
        help_text=_("WhatsApp only."),
    )
    template = models.CharField(
        _("template"),
        max_length=200,
        blank=True,
        help_text=_("WhatsApp only: an approved template with two placeholders, the title and the details."),
    )
    language = models.CharField(
        _("language"), max_length=5, default="es", choices=[("es", _("Spanish")), ("en", _("English"))]
    )
    minimum_severity = models.CharField(
        _("from severity"), max_length=10, choices=Severity, default=Severity.WARNING
    )
    delay_minutes = models.PositiveIntegerField(
        _("after minutes"),
        default=0,
        help_text=_("0: at once. Else only what nobody has acknowledged by then."),
    )
    is_enabled = models.BooleanField(_("on"), default=True)

    class Meta:
        verbose_name = _("whom to tell")
        verbose_name_plural = _("whom to tell")
        ordering = ("delay_minutes", "name")

    def __str__(self) -> str:
        return self.name


class NoticeKind(models.TextChoices):
    FIRED = "fired", _("fired")
    ESCALATED = "escalated", _("not acknowledged")
    RESOLVED = "resolved", _("resolved")


class NoticeState(models.TextChoices):
    PENDING = "pending", _("pending")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class Notification(models.Model):
    """One notice for one target, stored before it is sent: the constraint keeps it from being sent twice.

    Those that go out together, as a digest, have the same `batch`, which is also their Idempotency-Key.
    """

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notifications", verbose_name=_("alert"))
    target = models.ForeignKey(
        NotificationTarget, models.CASCADE, related_name="notifications", verbose_name=_("whom to tell")
    )
    kind = models.CharField(_("what"), max_length=10, choices=NoticeKind)
    occurrence = models.PositiveIntegerField(_("times fired"))
    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.PENDING)
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    batch = models.UUIDField(null=True, editable=False, default=None)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=("alert", "target", "kind", "occurrence"), name="notification_once"
            ),
        ]
        indexes = [
            models.Index(fields=("due_at",), condition=models.Q(state="pending"), name="notification_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.alert_id}"
