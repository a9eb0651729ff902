"""What the business wants to be known: questions and their answers."""

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func, GeneratedField, TextField
from django.utils.translation import gettext_lazy as _

from conversations.models.invalidating import InvalidatingManager
from sessions_app.models import Channel


class PlainText(Func):
    """Lower case without accents: the SQL function that the first migration makes."""

    function = "botsite_plain"
    arity = 1
    output_field = TextField()


class SearchVectorOf(Func):
    """The tsvector of (language, question, answer): the SQL function that the first migration makes."""

    function = "botsite_knowledge_vector"
    arity = 3
    output_field = SearchVectorField()


class KnowledgeEntry(models.Model):
    """A question and its answer, for one channel or, with none set, for all.

    The offline responder answers from these, and the model is shown the ones that fit. The search scores
    every entry of a channel: an index on `search` or `question_plain` would not be used.
    """

    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="knowledge",
        verbose_name=_("channel"),
        help_text=_("Empty: for all channels."),
    )
    language = models.CharField(
        _("language"), max_length=5, default="es", choices=[("es", _("Spanish")), ("en", _("English"))]
    )
    question = models.CharField(_("question"), max_length=500)
    answer = models.TextField(_("answer"))
    is_active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    question_plain = GeneratedField(
        expression=PlainText("question"), output_field=TextField(), db_persist=True, editable=False
    )
    search = GeneratedField(
        expression=SearchVectorOf("language", "question", "answer"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = InvalidatingManager["KnowledgeEntry"]()

    class Meta:
        verbose_name = _("knowledge entry")
        verbose_name_plural = _("knowledge entries")
        ordering = ("channel", "language", "id")

    def __str__(self) -> str:
        return self.question
