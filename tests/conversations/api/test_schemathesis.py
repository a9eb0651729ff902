"""Schemathesis against the API's own description: no 5xx, and no answer that is not described."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from pytest_django import Settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from botsite.api.schema import openapi
from conversations.models import Message
from sessions_app.models import Channel
from tests.botsite.api.client import make_key
from tests.conversations.builders import receive

ANA = "573000000001"
EXAMPLES = 10
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
DESCRIBED = schemathesis.openapi.from_dict(openapi())
DESCRIBED.app = get_wsgi_application()
Operation = APIOperation[Any, Any, Any, Any]
FOUND = list(DESCRIBED.get_all_operations())
OPERATIONS: list[Operation] = [result.ok() for result in FOUND if isinstance(result, Ok)]
assert len(OPERATIONS) == len(FOUND), "the description is not valid"
# What is wrong can only be made up where something is required of what comes.
CASES = [(operation, GenerationMode.POSITIVE) for operation in OPERATIONS] + [
    (operation, GenerationMode.NEGATIVE)
    for operation in OPERATIONS
    if "422" in operation.definition.raw["responses"]
]


@pytest.fixture
def connection_is_kept() -> Iterator[None]:
    """The test's transaction outlives the requests, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(connection_is_kept: None, channel: Channel, settings: Settings) -> str:
    """A key for everything, and a customer with a parked message for it to find."""
    settings.API_CALLS_PER_MINUTE = 100_000
    receive(channel, "hola", sender=ANA)
    Message.objects.update(state="parked")
    return make_key()


@pytest.mark.parametrize(
    ("operation", "mode"), CASES, ids=[f"{operation.label} {mode.value}" for operation, mode in CASES]
)
def test_every_answer_is_described(token: str, operation: Operation, mode: GenerationMode) -> None:
    known = {"slug": "shop", "name": ANA, "message_id": Message.objects.get().pk}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def explore(case: Case[Any]) -> None:
        case.path_parameters = {**(case.path_parameters or {}), **_known(case, known)}
        case.call_and_validate(headers={"X-Api-Key": token}, checks=list(CHECKS))

    explore()


def _known(case: Case[Any], known: dict[str, Any]) -> dict[str, Any]:
    """What exists, in the place of what was made up, in about half of the cases."""
    given_names = case.path_parameters or {}
    return {name: known[name] for name in given_names if name in known and len(str(case.body)) % 2}
