"""The specialised events: their names and fields, and the statements that are worth one."""

import logging

import pytest
from django.db import OperationalError, connection, transaction

from botsite.telemetry import reports
from botsite.telemetry.database_watch import operation_of
from tests.conversations.builders import make_channel


def reported(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    wanted = ("event", "level", "operation", "milliseconds", "outcome", "error")
    events = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [{key: event[key] for key in wanted if key in event} for event in events]


def test_calls_of_functions_and_soap_services_bear_their_time(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        reports.report_function_call("find_products", seconds=0.0123, outcome="ok")
        reports.report_soap_request("GetStock", seconds=2, outcome="unavailable", error="timeout")

    assert reported(caplog) == [
        {
            "event": "FUNCTION_CALL",
            "level": "info",
            "operation": "find_products",
            "milliseconds": 12.3,
            "outcome": "ok",
        },
        {
            "event": "SOAP_REQUEST",
            "level": "warning",
            "operation": "GetStock",
            "milliseconds": 2000,
            "outcome": "unavailable",
            "error": "timeout",
        },
    ]


def test_a_conversation_start_names_user_thread_and_channel(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        reports.report_conversation_start(user_id=1, thread_id=2, channel_id=3)

    [record] = caplog.records
    assert isinstance(record.msg, dict)
    assert (record.msg["user_id"], record.msg["thread_id"], record.msg["channel_id"]) == (1, 2, 3)


@pytest.mark.django_db
def test_a_slow_statement_is_reported_and_a_quick_one_is_not(caplog: pytest.LogCaptureFixture) -> None:
    make_channel("slow")
    with connection.cursor() as cursor:
        cursor.execute('SELECT pg_sleep(0.6), 573003913251 FROM "sessions_app_channel" LIMIT 1')

    [event] = reported(caplog)
    assert event["operation"] == "SELECT sessions_app_channel"
    assert (event["event"], event["error"]) == ("DATABASE_OPERATION", "slow")


@pytest.mark.django_db
def test_a_failed_statement_is_reported_without_its_values(caplog: pytest.LogCaptureFixture) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 20")
        with pytest.raises(OperationalError), transaction.atomic():
            cursor.execute("SELECT pg_sleep(10), %s", ["hola"])

    [event] = reported(caplog)
    assert (event["operation"], event["error"], event["level"]) == ("SELECT", "QueryCanceled", "error")
    assert "hola" not in caplog.text


@pytest.mark.parametrize(
    ("sql", "operation"),
    [
        ('INSERT INTO "a_b" ("c") VALUES (%s)', "INSERT a_b"),
        ('UPDATE "a_b" SET "c" = \'x\'', "UPDATE a_b"),
        ('SELECT "a_b"."c" FROM "a_b" JOIN "d" ON true', "SELECT a_b"),
        ("BEGIN", "BEGIN"),
        ("", ""),
    ],
)
def test_a_statement_is_named_by_verb_and_table(sql: str, operation: str) -> None:
    assert operation_of(sql) == operation
