"""Erased customers: that it was done, and what must not come back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Channel


class Erasure(models.Model):
    """A customer was erased. It says who asked and how much there was, and nothing about the person."""

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    user_pk = models.BigIntegerField(_("number of the erased user"), db_index=True)
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True)
    counts = models.JSONField(_("rows erased"), default=dict)
    erased_at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        default_permissions = ("view",)
        indexes = [models.Index(fields=("erased_at",), name="erasure_age")]

    def __str__(self) -> str:
        return f"#{self.user_pk}"


class TombstoneKind(models.TextChoices):
    NAME = "name", _("name")
    MESSAGE = "message", _("message")


class Tombstone(models.Model):
    """A name or message id of an erased customer, as a keyed digest: it can be recognised, not read."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="tombstones")
    kind = models.CharField(max_length=10, choices=TombstoneKind)
    digest = models.CharField(max_length=64)
    erased_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        indexes = [
            models.Index(fields=("digest", "kind"), name="tombstone_digest"),
            models.Index(fields=("expires_at",), name="tombstone_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
