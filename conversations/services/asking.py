"""Asking one provider through its circuit breaker, with the call's outcome, time and tokens counted."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar, overload

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from botsite.resilience.breaker import BreakerOpen
from botsite.resilience.quotas import LANGUAGE_MODEL
from botsite.resilience.ratelimit import configured, wait_before
from botsite.telemetry import metrics
from conversations.llm.base import (
    BackgroundProvider,
    ChatMessage,
    LLMError,
    LLMProvider,
    ProviderCredentialsError,
    ProviderRefusedError,
    ProviderRestingError,
    ProviderThrottledError,
    ProviderUnavailableError,
    Reply,
    ResponseFailedError,
    ToolRequest,
    ToolSpec,
)
from conversations.llm.providers import DEFAULT_OUTPUT_TOKENS, OpenAIResponses
from conversations.models import Run, RunState
from conversations.services import circuits, latency

FIRST_POLL_SECONDS = 0.5
LONGEST_POLL_SECONDS = 5.0

_RESULTS: dict[type[LLMError], str] = {
    ProviderRefusedError: "refused",
    ProviderCredentialsError: "credentials",
    ProviderThrottledError: "throttled",
}


Said = TypeVar("Said", bound=Reply | ToolRequest)


class RunTakenOver(Exception):
    """The run is not ours any more: whatever a model says, nobody would send it."""


def through_circuit(provider: LLMProvider, call: Callable[[], Said]) -> Said:
    """Return what `call`, one call of the provider, brings, and report to the provider's circuit.

    No database connection is held meanwhile. Raises an LLMError: a ProviderRestingError when the circuit is
    open, a ProviderThrottledError when our own quota is used up; nothing was called then.
    """
    if wait := wait_before(configured(LANGUAGE_MODEL), provider.name):
        raise ProviderThrottledError(provider.name, "our own quota", retry_after=wait)
    try:
        permit = circuits.circuit(provider.name).admit()
    except BreakerOpen as refusal:
        raise ProviderRestingError(provider.name, "circuit open") from refusal
    try:
        said = _counted(provider, call)
    except ProviderRefusedError:
        permit.ignored()  # our request was at fault, or the model would not: it is well
        raise
    except LLMError:
        permit.failed()
        raise
    except BaseException:
        permit.ignored()
        raise
    permit.succeeded()
    return said


@overload
def ask(provider: LLMProvider, messages: Sequence[ChatMessage]) -> Reply: ...


@overload
def ask(
    provider: LLMProvider, messages: Sequence[ChatMessage], specs: Sequence[ToolSpec]
) -> Reply | ToolRequest: ...


def ask(
    provider: LLMProvider, messages: Sequence[ChatMessage], specs: Sequence[ToolSpec] = ()
) -> Reply | ToolRequest:
    """Return the model's reply, or with `specs` the functions that it wants called first.

    No database connection is held meanwhile. Raises an LLMError.
    """
    return through_circuit(
        provider, lambda: provider.complete(messages, max_output_tokens=DEFAULT_OUTPUT_TOKENS, tools=specs)
    )


def ask_in_background(
    provider: OpenAIResponses, messages: Sequence[ChatMessage], run: Run, specs: Sequence[ToolSpec] = ()
) -> Reply | ToolRequest:
    """Begin a response, note its id with the run, and wait for what it says.

    Whoever takes the run over after us can fetch it by that id. Raises an LLMError or RunTakenOver.
    """
    return through_circuit(provider, lambda: _begun_and_fetched(provider, messages, run, specs))


def follow(provider: BackgroundProvider, run: Run) -> Reply:
    """Wait for the reply of the run's response, at most until LOCK_TIMEOUT_SECONDS after the run began.

    Raises an LLMError when there will be none, or when its time is over. What was begun is fetched even while
    the provider's circuit is open.
    """
    said = _counted(provider, lambda: _fetched(provider, run))
    if isinstance(said, ToolRequest):
        raise ResponseFailedError(provider.name, "its worker vanished between two functions")
    return said


def is_ours(run: Run) -> bool:
    """Whether the run is still active under our claim."""
    return _ours(run).exists()


def _ours(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(pk=run.pk, epoch=run.epoch, state=RunState.ACTIVE)


def _begun_and_fetched(
    provider: OpenAIResponses, messages: Sequence[ChatMessage], run: Run, specs: Sequence[ToolSpec]
) -> Reply | ToolRequest:
    response_id = provider.start(
        messages, max_output_tokens=DEFAULT_OUTPUT_TOKENS, metadata={"run_id": str(run.pk)}, tools=specs
    )
    noted = _ours(run).update(response_id=response_id, provider=provider.name, model=provider.model)
    if not noted:
        with suppress(LLMError):
            provider.cancel(response_id)
        raise RunTakenOver
    run.response_id, run.provider = response_id, provider.name
    connection.close()  # none is held while the response is waited for
    return _fetched(provider, run)


def _fetched(provider: BackgroundProvider, run: Run) -> Reply | ToolRequest:
    deadline = run.started_at + timedelta(seconds=settings.LOCK_TIMEOUT_SECONDS)
    pause = FIRST_POLL_SECONDS
    while timezone.now() < deadline:
        try:
            answer = provider.retrieve(run.response_id)
        except (ResponseFailedError, ProviderRefusedError, ProviderCredentialsError):
            raise
        except LLMError:
            answer = None  # it could not be asked now; the response may still be well
        if isinstance(answer, Reply | ToolRequest):
            return answer
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_POLL_SECONDS)
    with suppress(LLMError):
        provider.cancel(run.response_id)
    raise ProviderUnavailableError(provider.name, "the response took too long")


def _counted(provider: LLMProvider, call: Callable[[], Said]) -> Said:
    connection.close()  # none is held while a provider thinks
    started = time.monotonic()
    try:
        said = call()
    except LLMError as error:
        result = _RESULTS.get(type(error), "unavailable")
        metrics.count("ai_requests_total", provider=provider.name, result=result)
        raise
    finally:
        seconds = time.monotonic() - started
        metrics.observe("ai_request_seconds", seconds, provider=provider.name)
    latency.note(provider.name, seconds)
    metrics.count("ai_requests_total", provider=provider.name, result="ok")
    return said
