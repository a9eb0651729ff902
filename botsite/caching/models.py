"""Invalidations that Redis has not heard of yet."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PendingInvalidation(models.Model):
    """What is to be invalidated before anybody reads it from Redis again; deleted once that is done."""

    layer = models.CharField(_("layer"), max_length=50)
    key = models.TextField(_("key"), help_text=_("An asterisk stands for any part."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("pending invalidation")
        verbose_name_plural = _("pending invalidations")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.layer} #{self.pk}"
