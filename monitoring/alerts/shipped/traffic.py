"""Rules about requests, messages and their usual amounts."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from monitoring.alerts.definition import Compare, RuleDefinition, Unit
from monitoring.alerts.severity import Severity
from monitoring.alerts.sources import Counted, Quantile, Ratio, Stored, Total

TABLE = (
    RuleDefinition(
        slug="http_errors",
        title=_("Requests fail"),
        meaning=_("More than this share of requests ended with an error of ours (5xx)."),
        action=_("technical.log has each of them, with its request id."),
        severity=Severity.CRITICAL,
        source=Ratio(Counted("http_requests_total", {"status": "5xx"}), (Counted("http_requests_total"),)),
        threshold=2,
        unit=Unit.PERCENT,
        window=timedelta(minutes=5),
        minimum=50,
    ),
    RuleDefinition(
        slug="http_slow",
        title=_("Requests are slow"),
        meaning=_("One request in twenty takes longer than this; WhatsApp gives up after some seconds."),
        action=_("See the slowest addresses on the dashboard, and whether PostgreSQL is slow."),
        severity=Severity.WARNING,
        source=Quantile("http_request_seconds", 0.95),
        threshold=2,
        unit=Unit.SECONDS,
        window=timedelta(minutes=5),
        minimum=50,
    ),
    RuleDefinition(
        slug="rate_limits",
        title=_("A limit is exceeded again and again"),
        meaning=_(
            "Somebody calls or sends much more than the quota allows; what is above it is put off or refused."
        ),
        action=_("See the security events: which key or address is it? Revoke it, or raise the quota."),
        severity=Severity.WARNING,
        source=Total(Counted("rate_limited_total"), by="scope"),
        threshold=100,
        unit=Unit.COUNT,
        window=timedelta(minutes=5),
    ),
    RuleDefinition(
        slug="hook_errors",
        title=_("An update of another system failed"),
        meaning=_("n8n or another system announced a change, and it could not be taken over."),
        action=_("technical.log says why (HOOK_ERROR); let the system send it again."),
        severity=Severity.INFO,
        source=Total(Counted("hook_errors_total")),
        threshold=0,
        unit=Unit.COUNT,
        window=timedelta(minutes=5),
    ),
    RuleDefinition(
        slug="channel_silent",
        title=_("A channel is silent"),
        meaning=_("No message has come in for an hour in which, in earlier weeks, there always were some."),
        action=_("Send it a message. Does the provider still call the webhook, is the phone on?"),
        severity=Severity.WARNING,
        source=Stored("channel_messages"),
        threshold=1,
        unit=Unit.COUNT,
        compare=Compare.BELOW,
        window=timedelta(hours=1),
        minimum=5,
        every=timedelta(minutes=1),
    ),
    RuleDefinition(
        slug="message_volume",
        title=_("Unusually many or few messages"),
        meaning=_(
            "The messages of the last hour are this many times over the most, or under the fewest, of the"
            " same hour in the last four weeks."
        ),
        action=_(
            "A campaign or a holiday? Else look for a flood from one customer, or a webhook that stopped."
        ),
        severity=Severity.INFO,
        source=Stored("message_volume"),
        threshold=2,
        unit=Unit.TIMES,
        window=timedelta(hours=1),
        minimum=20,
        every=timedelta(minutes=1),
    ),
)
