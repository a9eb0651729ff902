"""Rules about the assistant's threads, tokens and money."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from monitoring.alerts.definition import Compare, RuleDefinition, Unit
from monitoring.alerts.severity import Severity
from monitoring.alerts.sources import Counted, Rate, Ratio, Stored, Total

TABLE = (
    RuleDefinition(
        slug="thread_churn",
        title=_("Threads are replaced too often"),
        meaning=_("Most token counts that began anew did so because the customer's thread had changed."),
        action=_("Are THREAD_MAX_AGE_HOURS and THREAD_TOKEN_THRESHOLD too low?"),
        severity=Severity.WARNING,
        source=Ratio(
            Counted("thread_tokens_reset_total", {"reason": "thread_changed"}),
            (Counted("thread_tokens_reset_total"),),
        ),
        threshold=50,
        unit=Unit.PERCENT,
        window=timedelta(minutes=15),
        minimum=10,
    ),
    RuleDefinition(
        slug="tokens_lost",
        title=_("Many tokens were lost"),
        meaning=_("Customers' token counts began anew, and this many had been counted before."),
        action=_("technical.log names the threads (THREAD_TOKENS_RESET)."),
        severity=Severity.INFO,
        source=Total(Counted("tokens_lost_total")),
        threshold=1000,
        unit=Unit.COUNT,
        window=timedelta(minutes=5),
    ),
    RuleDefinition(
        slug="race_errors",
        title=_("Workers get in each other's way"),
        meaning=_("Turns often find their customer held by another worker. Nothing is lost by it."),
        action=_("Are messages repeated by the provider, or turns very slow?"),
        severity=Severity.WARNING,
        source=Rate(Counted("race_errors_total")),
        threshold=0.1,
        unit=Unit.PER_SECOND,
        window=timedelta(minutes=5),
        hold=timedelta(minutes=2),
    ),
    RuleDefinition(
        slug="high_token_threads",
        title=_("Many threads have grown too long"),
        meaning=_("So many open threads are over THREAD_TOKEN_THRESHOLD: their answers are slow and dear."),
        action=_("The hourly clean-up shortens them; does beat run, does the model answer?"),
        severity=Severity.WARNING,
        source=Stored("high_token_threads", "high_token_threads"),
        threshold=5,
        unit=Unit.COUNT,
        hold=timedelta(minutes=5),
    ),
    RuleDefinition(
        slug="cost_unusual",
        title=_("The models cost unusually much"),
        meaning=_("The last hour cost this many times the most of the same hour in the last four weeks."),
        action=_("Costs shows by model and channel where it goes; a budget bounds it."),
        severity=Severity.WARNING,
        source=Stored("cost_volume"),
        threshold=2,
        unit=Unit.TIMES,
        window=timedelta(hours=1),
        minimum=20,
        every=timedelta(minutes=1),
    ),
    RuleDefinition(
        slug="budget_near",
        title=_("A budget is nearly spent"),
        meaning=_("This share of it is used; from its own warning line on the cheapest models answer."),
        action=_("Costs shows where it goes; raise the budget if that is as it should be."),
        severity=Severity.WARNING,
        source=Stored("budget_used"),
        threshold=80,
        unit=Unit.PERCENT,
        compare=Compare.AT_LEAST,
    ),
    RuleDefinition(
        slug="budget_spent",
        title=_("A budget is used up"),
        meaning=_("No model is asked any more until the next day or month: the knowledge base answers."),
        action=_("Raise the budget, or let it be."),
        severity=Severity.CRITICAL,
        source=Stored("budget_used"),
        threshold=100,
        unit=Unit.PERCENT,
        compare=Compare.AT_LEAST,
    ),
)
