"""The thread: a stretch of one customer's conversation that the model sees as a whole."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.whatsapp_user import WhatsAppUser


class Thread(models.Model):
    """A customer has one open thread; a closed one links to the thread that follows it."""

    user = models.ForeignKey(
        WhatsAppUser, on_delete=models.CASCADE, related_name="threads", verbose_name=_("user")
    )
    successor = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("followed by"),
    )
    summary = models.TextField(_("summary of what came before"), blank=True)
    token_count = models.PositiveBigIntegerField(_("tokens"), default=0)
    activity_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The first event that is not folded yet."
    )
    activity_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its runs are to be folded into the totals."
    )
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    close_reason = models.CharField(_("close reason"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.UniqueConstraint(
                fields=("user",), condition=Q(closed_at__isnull=True), name="thread_one_open_per_user"
            ),
        ]
        indexes = [
            # The search for threads that have grown too long.
            models.Index(
                fields=("token_count",), condition=Q(closed_at__isnull=True), name="thread_open_tokens"
            ),
            # The sweeper's look for activity to fold.
            models.Index(
                fields=("activity_due_at",),
                condition=Q(activity_due_at__isnull=False),
                name="thread_activity_due",
            ),
            # What retention looks through.
            models.Index(fields=("started_at",), name="thread_age"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.pk}"
