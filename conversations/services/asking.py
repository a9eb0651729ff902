"""Asking a model, with the call's outcome, time and tokens counted."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from botsite.telemetry import metrics
from conversations.llm.base import (
    BackgroundProvider,
    ChatMessage,
    LLMError,
    LLMProvider,
    ProviderCredentialsError,
    ProviderRefusedError,
    ProviderThrottledError,
    ProviderUnavailableError,
    Reply,
    ResponseFailedError,
)
from conversations.llm.providers import DEFAULT_OUTPUT_TOKENS
from conversations.models import Run, RunState

FIRST_POLL_SECONDS = 0.5
LONGEST_POLL_SECONDS = 5.0

_RESULTS: dict[type[LLMError], str] = {
    ProviderRefusedError: "refused",
    ProviderCredentialsError: "credentials",
    ProviderThrottledError: "throttled",
}


def ask(provider: LLMProvider, messages: Sequence[ChatMessage]) -> Reply:
    """Return the model's reply; no database connection is held meanwhile. Raises an LLMError."""
    return _counted(provider, lambda: provider.complete(messages, max_output_tokens=DEFAULT_OUTPUT_TOKENS))


def ask_in_background(provider: BackgroundProvider, messages: Sequence[ChatMessage], run: Run) -> Reply:
    """Begin a response, note its id with the run, and wait for its reply. Raises an LLMError.

    Whoever takes the run over after us can fetch the reply by that id.
    """
    connection.close()  # none is held while a provider is asked
    response_id = provider.start(
        messages, max_output_tokens=DEFAULT_OUTPUT_TOKENS, metadata={"run_id": str(run.pk)}
    )
    ours = Run.objects.filter(pk=run.pk, epoch=run.epoch, state=RunState.ACTIVE)
    if not ours.update(response_id=response_id):
        with suppress(LLMError):
            provider.cancel(response_id)
        raise ProviderUnavailableError(provider.name, "the run was taken over")
    run.response_id = response_id
    return follow(provider, run)


def follow(provider: BackgroundProvider, run: Run) -> Reply:
    """Wait for the reply of the run's response, at most until LOCK_TIMEOUT_SECONDS after the run began.

    Raises an LLMError when there will be none, or when its time is over.
    """
    return _counted(provider, lambda: _fetched(provider, run))


def _fetched(provider: BackgroundProvider, run: Run) -> Reply:
    deadline = run.started_at + timedelta(seconds=settings.LOCK_TIMEOUT_SECONDS)
    pause = FIRST_POLL_SECONDS
    while timezone.now() < deadline:
        try:
            answer = provider.retrieve(run.response_id)
        except (ResponseFailedError, ProviderRefusedError, ProviderCredentialsError):
            raise
        except LLMError:
            answer = None  # it could not be asked now; the response may still be well
        if isinstance(answer, Reply):
            return answer
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_POLL_SECONDS)
    with suppress(LLMError):
        provider.cancel(run.response_id)
    raise ProviderUnavailableError(provider.name, "the response took too long")


def _counted(provider: LLMProvider, call: Callable[[], Reply]) -> Reply:
    connection.close()  # none is held while a provider thinks
    started = time.monotonic()
    try:
        reply = call()
    except LLMError as error:
        result = _RESULTS.get(type(error), "unavailable")
        metrics.count("ai_requests_total", provider=provider.name, result=result)
        raise
    finally:
        metrics.observe("ai_request_seconds", time.monotonic() - started, provider=provider.name)
    metrics.count("ai_requests_total", provider=provider.name, result="ok")
    _count_tokens(reply)
    return reply


def _count_tokens(reply: Reply) -> None:
    usage = reply.usage
    for kind, tokens in (
        ("input", usage.input_tokens),
        ("cached", usage.cached_tokens),
        ("output", usage.output_tokens),
    ):
        metrics.count("ai_tokens_total", tokens, provider=reply.provider, kind=kind)
