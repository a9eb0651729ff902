"""The message: what came in, and what is to go out (an outbound message is the outbox row)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.run import Run
from conversations.models.thread import Thread
from conversations.models.whatsapp_user import WhatsAppUser
from sessions_app.models import Channel


class Direction(models.TextChoices):
    IN = "in", _("in")
    OUT = "out", _("out")


class InboundState(models.TextChoices):
    PENDING = "pending", _("pending")
    ANSWERED = "answered", _("answered")
    MERGED = "merged", _("merged")
    HELD = "held", _("held for a person")
    IGNORED = "ignored", _("ignored")
    PARKED = "parked", _("parked")


class OutboundState(models.TextChoices):
    PENDING = "pending", _("pending")
    SENDING = "sending", _("sending")
    ACCEPTED = "accepted", _("accepted")
    DELIVERED = "delivered", _("delivered")
    READ = "read", _("read")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("unknown")
    PARKED = "parked", _("parked")


class Author(models.TextChoices):
    CUSTOMER = "customer", _("customer")
    ASSISTANT = "assistant", _("assistant")
    STAFF = "staff", _("staff")
    PHONE = "phone", _("business phone")
    API = "api", _("API")


class Message(models.Model):
    """One message of a conversation. `sequence` orders all messages of a user, in and out."""

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    user = models.ForeignKey(
        WhatsAppUser, on_delete=models.CASCADE, related_name="messages", verbose_name=_("user")
    )
    thread = models.ForeignKey(
        Thread,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("thread"),
    )
    run = models.ForeignKey(
        Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages", verbose_name=_("run")
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    sequence = models.BigIntegerField(_("sequence"), editable=False)
    author = models.CharField(_("author"), max_length=10, choices=Author)
    kind = models.CharField(_("kind"), max_length=20, default="text")
    text = models.TextField(_("text"), blank=True)
    template = models.JSONField(
        _("template"), null=True, blank=True, help_text='{"name", "language", "parameters"}'
    )
    payload = models.JSONField(_("as it came"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    reply_to = models.CharField(_("reply to"), max_length=200, blank=True)
    external_id = models.CharField(_("provider's id"), max_length=200, blank=True)
    token = models.UUIDField(_("token"), default=uuid.uuid4, unique=True, editable=False)
    degraded = models.BooleanField(_("degraded"), default=False)

    state = models.CharField(_("state"), max_length=10)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    crashes = models.PositiveSmallIntegerField(_("crashes"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts to send"), default=0)
    available_at = models.DateTimeField(_("not before"), null=True, blank=True)
    sending_until = models.DateTimeField(null=True, blank=True, editable=False)

    provider_at = models.DateTimeField(_("sent, by the provider's clock"), null=True, blank=True)
    created_at = models.DateTimeField(_("stored"), auto_now_add=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=("channel", "external_id"),
                condition=~Q(external_id=""),
                name="message_external_id_unique",
            ),
            models.UniqueConstraint(fields=("user", "sequence"), name="message_user_sequence_unique"),
            models.CheckConstraint(
                condition=Q(direction="in", state__in=InboundState.values)
                | Q(direction="out", state__in=OutboundState.values),
                name="message_state_of_direction",
            ),
        ]
        indexes = [
            # A user's messages that wait for an answer.
            models.Index(
                fields=("user", "sequence"),
                condition=Q(direction="in", state="pending"),
                name="message_inbox",
            ),
            # A user's messages that are on their way out, in order.
            models.Index(
                fields=("user", "sequence"),
                condition=Q(direction="out", state__in=("pending", "sending")),
                name="message_outbox",
            ),
            # What a person has to look at: held and parked messages.
            models.Index(
                fields=("channel", "-created_at"),
                condition=Q(state__in=("held", "parked", "unknown")),
                name="message_attention",
            ),
            models.Index(
                fields=("direction", "state", "-id"), name="message_by_state"
            ),  # API and admin lists
            # The sweeper's looks for sends that nobody finished, and for those that stayed unknown.
            models.Index(fields=("sending_until",), condition=Q(state="sending"), name="message_sending"),
            models.Index(fields=("available_at",), condition=Q(state="unknown"), name="message_unknown"),
            # What retention deletes, and of what it drops the provider's payload.
            models.Index(fields=("created_at",), name="message_age"),
            models.Index(
                fields=("created_at",), condition=Q(payload__isnull=False), name="message_payload_age"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.pk}"

    def get_state_display(self) -> str:
        """Return the state in the reader's language."""
        states = InboundState if self.direction == Direction.IN else OutboundState
        return str(states(self.state).label) if self.state in states.values else self.state
