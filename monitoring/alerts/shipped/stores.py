"""Rules about PostgreSQL, Redis, memory, and what waits in the queues."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from monitoring.alerts.definition import Compare, RuleDefinition, Unit
from monitoring.alerts.severity import Severity
from monitoring.alerts.sources import Counted, Figure, Latency, Ratio, Stored

_CLIENT_DATA = Counted("cache_requests_total", {"layer": "client_data", "result": "hit"})
_CLIENT_DATA_MISSED = Counted(
    "cache_requests_total", {"layer": "client_data", "level": "redis", "result": "miss"}
)

TABLE = (
    RuleDefinition(
        slug="database_errors",
        title=_("Many statements fail in PostgreSQL"),
        meaning=_("Customers wait: work is tried again, and webhooks are refused until it succeeds."),
        action=_("Look at the PostgreSQL server and the network to it; database.log names the statements."),
        severity=Severity.CRITICAL,
        source=Ratio(Counted("db_errors_total"), (Counted("db_operations_total"),)),
        threshold=10,
        unit=Unit.PERCENT,
        window=timedelta(minutes=5),
        minimum=20,
    ),
    RuleDefinition(
        slug="database_slow",
        title=_("PostgreSQL is slow"),
        meaning=_("A question that takes a millisecond took this long: everything else is slower still."),
        action=_("Look for long transactions (pg_stat_activity), a busy disk, or a backup that is running."),
        severity=Severity.WARNING,
        source=Latency("database"),
        threshold=0.25,
        unit=Unit.SECONDS,
        hold=timedelta(seconds=10),
    ),
    RuleDefinition(
        slug="cache_errors",
        title=_("Many look-ups in the cache fail"),
        meaning=_("What the cache would have answered is read from PostgreSQL each time."),
        action=_("Look at the Redis server: its memory, its connections, the network to it."),
        severity=Severity.WARNING,
        source=Ratio(
            Counted("cache_requests_total", {"result": "error"}), (Counted("cache_requests_total"),)
        ),
        threshold=20,
        unit=Unit.PERCENT,
        window=timedelta(minutes=5),
        minimum=20,
    ),
    RuleDefinition(
        slug="client_data_hit_rate",
        title=_("Customers' data is seldom in the cache"),
        meaning=_("More than usual is read from PostgreSQL: keys were lost, or are invalidated too often."),
        action=_("See who calls /update-user and how often, and whether Redis evicts keys."),
        severity=Severity.WARNING,
        source=Ratio(_CLIENT_DATA, (_CLIENT_DATA, _CLIENT_DATA_MISSED)),
        threshold=70,
        unit=Unit.PERCENT,
        compare=Compare.BELOW,
        window=timedelta(minutes=15),
        minimum=200,
    ),
    RuleDefinition(
        slug="memory_high",
        title=_("Memory is nearly used up"),
        meaning=_("The system may end a process at any moment to get memory back."),
        action=_("See which process grows; fewer worker threads or a smaller CACHE_LOCAL_MB need less."),
        severity=Severity.WARNING,
        source=Figure("memory", "percent"),
        threshold=85,
        unit=Unit.PERCENT,
        hold=timedelta(seconds=30),
    ),
    RuleDefinition(
        slug="inbox_backlog",
        title=_("Customers wait for answers"),
        meaning=_("The oldest question without an answer has waited this long."),
        action=_("Are enough workers running, and does the model answer quickly?"),
        severity=Severity.CRITICAL,
        source=Stored("inbox_age"),
        threshold=120,
        unit=Unit.SECONDS,
        hold=timedelta(seconds=30),
    ),
    RuleDefinition(
        slug="outbox_backlog",
        title=_("Answers wait to be sent"),
        meaning=_("The oldest message that is ready has not been sent for this long."),
        action=_("Check the channel's connection and its limits; a circuit may be open."),
        severity=Severity.WARNING,
        source=Stored("outbox_age"),
        threshold=300,
        unit=Unit.SECONDS,
        hold=timedelta(seconds=30),
    ),
    RuleDefinition(
        slug="forwards_backlog",
        title=_("Items wait for Laravel"),
        meaning=_("The oldest status or QR code that is due has not been taken for this long."),
        action=_("Forwarding shows why; is Laravel up, is its token right?"),
        severity=Severity.WARNING,
        source=Stored("forwards_age"),
        threshold=300,
        unit=Unit.SECONDS,
        hold=timedelta(seconds=30),
    ),
    RuleDefinition(
        slug="dead_letters",
        title=_("Messages need a person"),
        meaning=_(
            "They could not be answered or sent after several attempts, or nobody knows whether they were."
        ),
        action=_("Look at the parked and unknown messages: each says why and can be tried again."),
        severity=Severity.WARNING,
        source=Stored("dead_letters"),
        threshold=0,
        unit=Unit.COUNT,
    ),
)
