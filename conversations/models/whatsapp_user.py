"""The customer, and the names a customer is known by."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from botsite.resilience.leases import LeasedRow
from conversations.canonical import canonical_form
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind


class WhatsAppUser(LeasedRow):
    """A customer of one channel.

    The row is also the queue entry of the customer's turns: `turn_due_at` is set for as long as a message
    waits for an answer, and its lease says who is answering now.
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="users", verbose_name=_("channel")
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    user_name = models.CharField(_("user name"), max_length=200, blank=True)
    labels = models.JSONField(_("labels"), default=list, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    paused_at = models.DateTimeField(
        _("assistant paused since"), null=True, blank=True, help_text=_("A person has taken over.")
    )
    last_sequence = models.BigIntegerField(default=0, editable=False)
    last_inbound_at = models.DateTimeField(_("last message"), null=True, blank=True, editable=False)
    turn_due_at = models.DateTimeField(_("answer due"), null=True, blank=True, editable=False)
    waiting_since = models.DateTimeField(
        _("waiting for a model since"), null=True, blank=True, editable=False
    )
    outage_notice_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the customer was last told of an outage."
    )
    next_send_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrichment_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrichment_attempts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    erased_before = models.DateTimeField(
        null=True, editable=False, help_text="Somebody of this name was erased then: nothing older may come."
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("WhatsApp user")
        verbose_name_plural = _("WhatsApp users")
        permissions = [
            ("erase_whatsappuser", _("Can erase a customer in every store")),
            ("export_whatsappuser", _("Can download all that is stored of a customer")),
        ]
        indexes = [
            # The sweeper's look for users with something to answer.
            models.Index(
                fields=("turn_due_at",), condition=Q(turn_due_at__isnull=False), name="user_turn_due"
            ),
            # Who is to be answered when a model is back.
            models.Index(
                fields=("waiting_since",), condition=Q(waiting_since__isnull=False), name="user_waiting"
            ),
            # The sweeper's look for profiles to fetch.
            models.Index(
                fields=("enrichment_due_at",),
                condition=Q(enrichment_due_at__isnull=False),
                name="user_enrichment_due",
            ),
            # The admin's list of users, newest conversation first.
            models.Index(fields=("-last_inbound_at",), name="user_last_inbound"),
        ]

    def __str__(self) -> str:
        return self.name or self.user_name or f"#{self.pk}"


class UserIdentity(models.Model):
    """One name of a customer at the provider, in all its forms: (channel, canonical) belongs to one user.

    `value` is the form that WhatsApp gave last: the address to answer to. A name is `replaced_at` the time
    when the customer was first seen with another one of its family (a new phone number).
    """

    user = models.ForeignKey(WhatsAppUser, on_delete=models.CASCADE, related_name="identities")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(
        _("kind"), max_length=10, choices=[(kind.value, kind.value) for kind in IdentityKind]
    )
    value = models.CharField(_("value"), max_length=200)
    canonical = models.CharField(_("canonical form"), max_length=220, editable=False)
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        # In PostgreSQL the current names, which have no time, come first in descending order.
        ordering = ("-replaced_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=("channel", "canonical"), name="identity_canonical_unique"),
            models.CheckConstraint(condition=~Q(canonical=""), name="identity_has_canonical"),
        ]
        # Look-up by any name, in the API.
        indexes = [models.Index(fields=("canonical",), name="identity_canonical")]

    def __str__(self) -> str:
        return self.value

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.canonical = self.canonical or canonical_form(self.as_identity())
        super().save(*args, **kwargs)

    def as_identity(self) -> Identity:
        return Identity(IdentityKind(self.kind), self.value)
