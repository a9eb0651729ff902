"""The queries that grow with the business use their indexes: none reads a large table from end to end."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from conversations.models import EarlyStatus, Message, UserIdentity
from conversations.services import (
    dead_letter,
    enrichment,
    inbox,
    outbox,
    sweeper,
    tombstones,
    transcript,
)
from conversations.services.user_lookup import users_named
from monitoring.retention.periods import RULES
from monitoring.retention.sweep import BATCH, due
from sessions_app.models import Channel
from tests.conversations.builders import inbound, make_channel

ROWS = 20_000
NUMBER = "573000000777"
EMPTY = {"conversations_tombstone", "conversations_erasure"}
SMALL = {"django_content_type", "sessions_app_channel"}

_USERS = """
    INSERT INTO conversations_whatsappuser
        (channel_id, name, user_name, labels, language, last_sequence, created_at, lease_epoch,
         enrichment_attempts, turn_due_at, enrichment_due_at, lease_until)
    SELECT %(channel)s, '', '', '[]', '', 2, now(), 0, 0,
        CASE WHEN n %% 1000 = 0 THEN now() END, CASE WHEN n %% 1000 = 1 THEN now() END,
        CASE WHEN n %% 5000 = 0 THEN now() - interval '1 hour' END
    FROM generate_series(1, %(rows)s) n
"""
_NAMES = """
    INSERT INTO conversations_useridentity (user_id, channel_id, kind, value, canonical)
    SELECT id, channel_id, 'wa_id', (573000000000 + row_number() OVER (ORDER BY id))::text,
        'phone:' || (573000000000 + row_number() OVER (ORDER BY id))
    FROM conversations_whatsappuser
"""
_MESSAGES = """
    INSERT INTO conversations_message
        (channel_id, user_id, direction, sequence, author, kind, text, payload, note, reply_to, external_id,
         token, degraded, state, reason, failures, crashes, attempts, created_at)
    SELECT channel_id, id, way.direction, way.number, 'customer', 'text', 'hola',
        CASE WHEN way.number = 1 AND id %% 50 = 0 THEN '{"x": 1}'::jsonb END,
        '', '', 'wamid.' || id || '.' || way.number, gen_random_uuid(), false,
        CASE WHEN id %% 2000 = way.number THEN 'pending' WHEN id %% 3000 = 3 THEN 'parked' ELSE way.state END,
        '', 0, 0, 0, now() - (id %% 40) * interval '12 hours'
    FROM conversations_whatsappuser,
        (VALUES ('in', 1, 'answered'), ('out', 2, 'read')) AS way (direction, number, state)
"""


@pytest.fixture
def crowd(db: None) -> Channel:
    """A channel with ROWS users and twice as many messages; a few of each kind want something."""
    channel = make_channel()
    with connection.cursor() as cursor:
        cursor.execute(_USERS, {"channel": channel.pk, "rows": ROWS})
        cursor.execute(_NAMES)
        cursor.execute(_MESSAGES, [])
        cursor.execute(
            "INSERT INTO conversations_earlystatus (channel_id, external_id, state, error_code, error_detail,"
            " received_at) SELECT %s, 'early.' || n, 'read', '', '', now() FROM generate_series(1, %s) n",
            [channel.pk, ROWS],
        )
        cursor.execute("ANALYZE")
    return channel


def scanned(queries: Iterable[dict[str, str]]) -> set[str]:
    """The tables that the plans of these queries read from end to end."""
    tables: set[str] = set()
    for query in queries:
        sql = query["sql"]
        if sql.lstrip().split(" ", 1)[0].upper() not in {"SELECT", "UPDATE", "DELETE", "WITH"}:
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
            [(plan,)] = cursor.fetchall()
        tables |= _scanned(plan if isinstance(plan, list) else json.loads(plan))
    return tables - SMALL


def _scanned(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_scanned, node))
    if not isinstance(node, dict):
        return set()
    own = {node["Relation Name"]} if node.get("Node Type") == "Seq Scan" else set()
    return own.union(*map(_scanned, node.values()))


def test_no_hot_query_reads_a_table_from_end_to_end(crowd: Channel) -> None:
    user = UserIdentity.objects.get(value=NUMBER).user
    hot: dict[str, Callable[[], object]] = {
        "a webhook": lambda: inbox.receive(crowd, [inbound("hola", sender=NUMBER)]),
        "a new customer's webhook": lambda: inbox.receive(crowd, [inbound("hola", sender="573999999999")]),
        "users whose turn is due": lambda: sweeper.users_with_due_turns(100),
        "messages to send": lambda: outbox.users_with_due_messages(100),
        "sends nobody finished": outbox.decide_unknown,
        "profiles to fetch": lambda: enrichment.users_due(10),
        "a user's inbox": lambda: list(dead_letter.waiting(user)),
        "a user's outbox": lambda: outbox._claim_next(user.pk),
        "a user by name": lambda: users_named(NUMBER, within=Q()),
        "a transcript's page": lambda: transcript.page(user),
        "an older page": lambda: transcript.page(user, before=2),
        "the API's list by state": lambda: list(
            Message.objects.filter(direction="out", state="pending").order_by("-pk")[:50]
        ),
        "the dead letter": lambda: list(
            Message.objects.filter(state="parked", channel=crowd).order_by("-created_at")[:50]
        ),
        "an early status": lambda: list(EarlyStatus.objects.filter(channel=crowd, external_id="early.5")),
        "a tombstone": lambda: tombstones.erasure_of(NUMBER),
    }
    slow = {}
    for name, query in hot.items():
        with CaptureQueriesContext(connection) as captured:
            query()
        if tables := scanned(captured.captured_queries) - EMPTY:
            slow[name] = tables

    assert slow == {}


def test_retention_finds_what_is_over_by_its_indexes(crowd: Channel) -> None:
    large = {"conversations_message", "conversations_earlystatus", "conversations_whatsappuser"}
    slow = {}
    for rule in RULES:
        with CaptureQueriesContext(connection) as captured:
            list(due(rule).order_by(rule.age).values_list("pk", flat=True)[:BATCH])
        if tables := scanned(captured.captured_queries) & large:
            slow[rule.kind] = tables

    assert slow == {}
