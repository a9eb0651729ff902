"""What is remembered of a customer from one conversation to the next."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.llm.prompt_parts import FACT_CHARACTERS
from conversations.models.message import Message
from conversations.models.run import Run
from conversations.models.whatsapp_user import WhatsAppUser


class MemoryAuthor(models.TextChoices):
    ASSISTANT = "assistant", _("assistant")
    STAFF = "staff", _("staff")


class CustomerMemory(models.Model):
    """A fact about a customer: what they stated in a message, or what staff noted.

    An erased fact keeps its row without its text: the message it came from is not to bring it back.
    """

    user = models.ForeignKey(
        WhatsAppUser, on_delete=models.CASCADE, related_name="memory", verbose_name=_("user")
    )
    text = models.CharField(_("fact"), max_length=FACT_CHARACTERS)
    kind = models.CharField(_("kind"), max_length=10, blank=True, editable=False)
    author = models.CharField(_("author"), max_length=10, choices=MemoryAuthor)
    source = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("stored"), auto_now_add=True)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("remembered fact")
        verbose_name_plural = _("remembered facts")
        constraints = [
            models.UniqueConstraint(fields=("source", "kind"), name="memory_once_per_message"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(text=""), name="memory_erased_has_no_text"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
