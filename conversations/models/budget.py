"""What the assistant may cost: budgets, what was spent of them, and what was said about it."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from conversations.models.run import Run
from sessions_app.models import Channel


class BudgetPeriod(models.TextChoices):
    DAY = "day", _("day")
    MONTH = "month", _("month")


class BudgetLevel(models.TextChoices):
    WARN = "warn", _("nearly spent")
    LIMIT = "limit", _("used up")


class Budget(models.Model):
    """What the models of one channel may cost or, with none set, those of all channels together.

    The row is also the lock under which money is reserved and booked.
    """

    channel = models.OneToOneField(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="budget",
        verbose_name=_("channel"),
        help_text=_("Empty: for all channels together. A channel's own budget holds beside it."),
    )
    daily_usd = models.DecimalField(
        _("limit a day, USD"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty: no limit."),
    )
    monthly_usd = models.DecimalField(
        _("limit a month, USD"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty: no limit."),
    )
    warn_percent = models.PositiveSmallIntegerField(
        _("cheaper models from"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Percent of a limit. From there on the cheapest models answer, and you are warned."),
    )

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            # Also for no channel: NULLs alone would not collide.
            models.UniqueConstraint(
                Coalesce("channel", 0),
                name="budget_one_per_channel",
                violation_error_message=_("There is such a budget already."),
            ),
            models.CheckConstraint(
                condition=Q(warn_percent__gte=1, warn_percent__lte=100), name="budget_warn_percent"
            ),
        ]

    def __str__(self) -> str:
        return str(self.channel) if self.channel else str(_("all channels"))

    def limit(self, period: str) -> Decimal | None:
        """Return the limit of a BudgetPeriod in US dollars; None: there is none."""
        return self.daily_usd if period == BudgetPeriod.DAY else self.monthly_usd


class BudgetSpending(models.Model):
    """What was spent of a budget in one period, a day or month in TIME_ZONE that begins on `starts_on`."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="spendings")
    period = models.CharField(max_length=5, choices=BudgetPeriod)
    starts_on = models.DateField()
    spent_usd = models.DecimalField(max_digits=16, decimal_places=9, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("budget", "period", "starts_on"), name="budget_spending_once"),
        ]

    def __str__(self) -> str:
        return f"{self.budget} · {self.period} {self.starts_on}"


class BudgetCharge(models.Model):
    """What a run takes of a budget: reserved while it may still cost something, then settled."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="charges")
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="charges")
    amount_usd = models.DecimalField(max_digits=14, decimal_places=9)
    day = models.DateField(help_text="Whose money it is, in TIME_ZONE.")
    reserved_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("run", "budget"), name="budget_charge_once_a_run"),
        ]
        indexes = [
            # What is reserved now: as many rows as there are turns at work.
            models.Index(
                fields=("budget",), condition=Q(settled_at__isnull=True), name="budget_charge_reserved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget} · {self.amount_usd}"


class BudgetAlert(models.Model):
    """A budget reached a level, for the first time in this period. What the alerts tell staff about."""

    budget = models.ForeignKey(
        Budget, on_delete=models.CASCADE, related_name="alerts", verbose_name=_("budget")
    )
    period = models.CharField(_("period"), max_length=5, choices=BudgetPeriod)
    starts_on = models.DateField(_("begins on"))
    level = models.CharField(_("level"), max_length=5, choices=BudgetLevel)
    limit_usd = models.DecimalField(_("limit, USD"), max_digits=12, decimal_places=4)
    spent_usd = models.DecimalField(
        _("spent, USD"),
        max_digits=16,
        decimal_places=9,
        help_text=_("With what was reserved for the answers in the making."),
    )
    created_at = models.DateTimeField(_("reached"), auto_now_add=True)

    class Meta:
        verbose_name = _("budget alert")
        verbose_name_plural = _("budget alerts")
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=("budget", "period", "starts_on", "level"), name="budget_alert_once"
            ),
        ]
        indexes = [models.Index(fields=("-created_at",), name="budget_alert_newest")]

    def __str__(self) -> str:
        return f"{self.budget} · {self.get_level_display()}"
