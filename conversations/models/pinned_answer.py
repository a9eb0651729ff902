"""Answers that staff have fixed for a question."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from conversations.llm.cacheability import MOST_CHARACTERS, judge, normalized_question
from conversations.llm.complexity import assess
from conversations.models.invalidating import InvalidatingManager
from sessions_app.models import Channel

LONGEST_NORMALIZED = 2 * MOST_CHARACTERS
"""Taking characters apart, as comparing does, makes a few of them many."""

PINNED_ALREADY = _("There is a pinned answer to this question already.")
NOT_FOR_ALL = _(
    "Only a question that is complete in itself, and that anybody could ask at any time, can have a pinned "
    "answer: no names, numbers, orders, “yes” or “that one”."
)


class PinnedAnswer(models.Model):
    """What is answered to a question instead of asking a model, on one channel or, with none set, on all.

    `normalized` is the question as questions are compared: without capitals, accents and punctuation.
    """

    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="pinned_answers",
        verbose_name=_("channel"),
        help_text=_("Empty: for all channels."),
    )
    language = models.CharField(
        _("customer's language"),
        max_length=5,
        blank=True,
        default="",
        choices=[("es", _("Spanish")), ("en", _("English")), ("pt", _("Portuguese"))],
        help_text=_("Empty: whatever it is."),
    )
    question = models.CharField(
        _("question"),
        max_length=MOST_CHARACTERS,
        help_text=_("Capitals, accents and punctuation make no difference; every word does."),
    )
    normalized = models.CharField(max_length=LONGEST_NORMALIZED, editable=False)
    answer = models.TextField(_("answer"), max_length=4_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = InvalidatingManager["PinnedAnswer"]()

    class Meta:
        verbose_name = _("pinned answer")
        verbose_name_plural = _("pinned answers")
        ordering = ("question", "id")
        permissions = [("drop_cachedanswer", "Can drop answers from the cache")]
        constraints = [
            # Also for no channel: NULLs alone would not collide.
            models.UniqueConstraint(
                Coalesce("channel", 0),
                "language",
                "normalized",
                name="pinned_answer_one_per_question",
                violation_error_message=PINNED_ALREADY,
            ),
        ]

    def __str__(self) -> str:
        return self.question

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalized = normalized_question(self.question)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a second pin, and what depends on who asks, when, or on what was said before."""
        self.normalized = normalized_question(self.question)
        fits = len(self.normalized) <= LONGEST_NORMALIZED
        if not fits or not judge(self.question, assess(self.question)).eligible:
            raise ValidationError({"question": NOT_FOR_ALL})
        # A form leaves the constraint to us, for it does not show all of its fields.
        same = PinnedAnswer.objects.filter(normalized=self.normalized, language=self.language)
        if same.filter(channel=self.channel_id).exclude(pk=self.pk).exists():
            raise ValidationError({"question": PINNED_ALREADY})
