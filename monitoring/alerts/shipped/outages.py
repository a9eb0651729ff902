"""Rules about what does not answer, by the health checks."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from monitoring.alerts.definition import Compare, RuleDefinition, Unit
from monitoring.alerts.severity import Severity
from monitoring.alerts.sources import Down, Stored

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def _down(
    slug: str,
    check: str,
    severity: Severity,
    title: "StrPromise",
    meaning: "StrPromise",
    action: "StrPromise",
    *,
    hold: timedelta = timedelta(seconds=20),
) -> RuleDefinition:
    return RuleDefinition(
        slug=slug,
        title=title,
        meaning=meaning,
        action=action,
        severity=severity,
        source=Down(check),
        threshold=1,
        unit=Unit.STATE,
        compare=Compare.AT_LEAST,
        hold=hold,
    )


TABLE = (
    _down(
        "database_down",
        "database",
        Severity.CRITICAL,
        _("PostgreSQL does not answer"),
        _("Nothing can be stored: webhooks are refused with 503, and WhatsApp repeats them later."),
        _("Look at the PostgreSQL server: is it running, is its disk full, are its connections used up?"),
    ),
    _down(
        "redis_down",
        "redis",
        Severity.CRITICAL,
        _("Redis does not answer"),
        _("Messages are answered from PostgreSQL alone: slower, and without caches and figures."),
        _("Look at the Redis server: is it running, is its memory full? Nothing of it needs to be restored."),
    ),
    _down(
        "broker_down",
        "broker",
        Severity.WARNING,
        _("The queue of tasks does not answer"),
        _("Wake-ups are lost; the workers find their work in PostgreSQL, about a second later."),
        _("Look at the Redis server that REDIS_URL names."),
    ),
    _down(
        "workers_down",
        "workers",
        Severity.CRITICAL,
        _("No worker is running"),
        _("Messages are taken in and stored, and nobody answers them."),
        _("Start the worker again, and look for the reason at the end of its log."),
    ),
    _down(
        "beat_down",
        "beat",
        Severity.WARNING,
        _("Beat is not running"),
        _("Housekeeping stands still: clean-up of threads, expired codes and old rows. Answers go on."),
        _("Start beat again; one of it, on one host."),
        hold=timedelta(),  # its check takes its time before it calls beat silent
    ),
    _down(
        "provider_down",
        "llm:",
        Severity.CRITICAL,
        _("A language model's provider does not answer"),
        _("Other providers take over where there are any; else customers get answers of the knowledge base."),
        _("Look at the provider's status page, the key's credit and its limits."),
    ),
    _down(
        "channel_down",
        "channel:",
        Severity.CRITICAL,
        _("A channel is not connected"),
        _("Nothing is sent on it, and nothing may be coming in."),
        _("Check the connection in the channel's list: is the phone linked, is the token still good?"),
    ),
    _down(
        "laravel_down",
        "laravel",
        Severity.WARNING,
        _("Laravel does not answer"),
        _("QR codes and statuses wait here and go out when it is back; nothing is lost."),
        _("Look at the Laravel site; Forwarding shows what its answers were."),
    ),
    _down(
        "inventory_down",
        "inventory",
        Severity.WARNING,
        _("The inventory service does not answer"),
        _("Stock is told from the catalogue, which may be out of date."),
        _("Look at the service that INVENTORY_WSDL_URL names."),
    ),
    _down(
        "disk_full",
        "disk",
        Severity.CRITICAL,
        _("The disk is nearly full"),
        _("With a full disk nothing can be logged, and a database on it stops."),
        _("Make room: old logs, old backups; or enlarge the disk."),
    ),
    RuleDefinition(
        slug="circuit_open",
        title=_("A circuit is open"),
        meaning=_("So many calls failed lately that none are made for a while; one tries from time to time."),
        action=_("See Circuit breakers: which service is it, and what do its own pages say?"),
        severity=Severity.WARNING,
        source=Stored("open_circuits", "circuit_state"),
        threshold=2,
        unit=Unit.COUNT,
        compare=Compare.AT_LEAST,
        hold=timedelta(seconds=15),
    ),
)
