"""What was changed by API or command, and by whom."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One change: `actor` is a key's prefix (`key:bsk_…`) or `site`, `subject` is `app.model:primary key`."""

    at = models.DateTimeField(_("at"), auto_now_add=True)
    action = models.CharField(_("action"), max_length=50)
    actor = models.CharField(_("by"), max_length=100)
    subject = models.CharField(_("object"), max_length=100)
    address = models.CharField(_("address"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("change by API")
        verbose_name_plural = _("changes by API")
        default_permissions = ("view",)
        indexes = [models.Index(fields=("-at",), name="audit_event_at")]  # the list in admin, retention

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
