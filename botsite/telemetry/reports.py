"""The specialised log events: a small function for each, so that their names and fields are written once."""

from botsite.telemetry.events import security_event
from botsite.telemetry.logging import get_logger

SLOW_DATABASE_SECONDS = 0.5

_security = get_logger("security")
_conversations = get_logger("conversations")
_functions = get_logger("functions")
_soap = get_logger("soap")
_database = get_logger("database")


def report_security_event(operation: str, **facts: object) -> None:
    """Log SECURITY_EVENT and tell the monitoring, which stores it. `facts` must hold no secret.

    `operation` is one machine word (`api_key`, `webhook_signature`, `login_lockout`, `rate_limited`, …);
    `address` among the facts is the client's. Never raises.
    """
    _security.warning("SECURITY_EVENT", operation=operation, **facts)
    texts = {name: str(value) for name, value in facts.items()}
    for receiver, answer in security_event.send_robust(
        sender=report_security_event, operation=operation, facts=texts
    ):
        if isinstance(answer, Exception):
            _security.error("SECURITY_EVENT_NOT_STORED", receiver=repr(receiver), error=type(answer).__name__)


def report_conversation_start(*, user_id: int, thread_id: int, channel_id: int) -> None:
    """A user's first thread, or a new one after the last was closed, began."""
    _conversations.info("CONVERSATION_STARTED", user_id=user_id, thread_id=thread_id, channel_id=channel_id)


def report_function_call(name: str, *, seconds: float, outcome: str) -> None:
    """The model called the function `name`. `outcome` is a machine word; arguments are never logged."""
    _functions.info("FUNCTION_CALL", operation=name, milliseconds=_milliseconds(seconds), outcome=outcome)


def report_soap_request(operation: str, *, seconds: float, outcome: str, error: str = "") -> None:
    """A SOAP service was asked. `outcome` is a machine word ("ok": it answered), `error` its code."""
    write = _soap.info if outcome == "ok" else _soap.warning
    milliseconds = _milliseconds(seconds)
    write("SOAP_REQUEST", operation=operation, milliseconds=milliseconds, outcome=outcome, error=error)


def report_database_operation(operation: str, *, seconds: float, error: str = "") -> None:
    """A database operation ended. One that is quick and went well is not worth a line."""
    milliseconds = _milliseconds(seconds)
    if error:
        _database.error("DATABASE_OPERATION", operation=operation, milliseconds=milliseconds, error=error)
    elif seconds >= SLOW_DATABASE_SECONDS:
        _database.warning("DATABASE_OPERATION", operation=operation, milliseconds=milliseconds, error="slow")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
