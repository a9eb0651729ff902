"""What was refused for the sake of safety: bad signatures and keys, lock-outs, exceeded quotas."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SecurityEvent(models.Model):
    """One event as the log has it: `operation` is a machine word, `facts` are masked texts by name."""

    at = models.DateTimeField(_("at"))
    operation = models.CharField(_("operation"), max_length=100)
    address = models.CharField(_("address"), max_length=50, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=("-at",), name="security_event_at"),  # the admin's list, retention
            models.Index(fields=("operation", "-at"), name="security_event_operation"),  # its filter, counts
        ]

    def __str__(self) -> str:
        return self.operation
