"""The run: one attempt to answer, with what it used and what it cost."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.assistant import RouteTier
from conversations.models.thread import Thread
from sessions_app.models import Channel


class RunState(models.TextChoices):
    ACTIVE = "active", _("active")
    COMPLETED = "completed", _("completed")
    FAILED = "failed", _("failed")
    CRASHED = "crashed", _("crashed")
    ABANDONED = "abandoned", _("abandoned")


class Run(models.Model):
    """One attempt at a turn. A thread has one active run at the most.

    The runs of an erased customer stay for the books: without a thread, with the channel that paid for them.
    """

    thread = models.ForeignKey(
        Thread, on_delete=models.SET_NULL, null=True, related_name="runs", verbose_name=_("thread")
    )
    channel = models.ForeignKey(
        Channel,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("channel"),
        help_text=_("Of a run whose customer was erased."),
    )
    epoch = models.BigIntegerField(_("epoch"), help_text=_("The user's lease epoch that it ran under."))
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.ACTIVE)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    model = models.CharField(_("model"), max_length=80, blank=True)
    response_id = models.CharField(
        _("provider's response id"), max_length=100, blank=True, help_text=_("What recovery fetches.")
    )
    tier = models.CharField(
        _("tier"),
        max_length=10,
        choices=RouteTier,
        blank=True,
        help_text=_("How much thinking it asked for."),
    )
    intent = models.CharField(_("intent"), max_length=30, blank=True)
    route = models.CharField(
        _("route"), max_length=500, blank=True, help_text=_("Why this model, and what failed before it.")
    )
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    cached_tokens = models.PositiveIntegerField(_("of these cached"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cost_usd = models.DecimalField(
        _("cost in USD"),
        max_digits=14,
        decimal_places=9,
        null=True,
        blank=True,
        help_text=_("Empty: the model's price is not known, or no model was asked."),
    )
    baseline_usd = models.DecimalField(
        _("on the dearest model, USD"),
        max_digits=14,
        decimal_places=9,
        null=True,
        blank=True,
        help_text=_("What the same tokens would have cost on the dearest model in use, at that time."),
    )
    cache_key = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the kept answer that it was answered with."
    )
    saved_usd = models.DecimalField(
        _("saved in USD"),
        max_digits=14,
        decimal_places=9,
        null=True,
        blank=True,
        help_text=_("What the model would have cost whose kept answer was given instead of asking it."),
    )
    usage_unknown = models.BooleanField(
        _("usage unknown"),
        default=False,
        help_text=_("A model was asked, or may have been, and nobody knows (yet) what it used."),
    )
    degraded = models.BooleanField(
        _("degraded"), default=False, help_text=_("Answered by the offline responder.")
    )
    error = models.CharField(_("error"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    folded_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its tokens went into the thread's total."
    )

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(
                fields=("thread",), condition=Q(state="active"), name="run_one_active_per_thread"
            ),
        ]
        indexes = [
            models.Index(fields=("-started_at",), name="run_started"),  # the admin's list
            models.Index(fields=("cache_key",), condition=~Q(cache_key=""), name="run_cache_key"),
            # What the fold of a thread has to add up.
            models.Index(
                fields=("thread",),
                condition=Q(folded_at__isnull=True, finished_at__isnull=False),
                name="run_unfolded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.thread} · {self.pk}" if self.thread else f"#{self.pk}"
