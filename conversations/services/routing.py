"""An answer's road through the models: which to ask, what to do when one fails, and when to give up.

A customer waits: when a model fails the next one is asked at once, and only when all have failed does each
get a second and a third chance, after a pause or when it said that it may be asked again. A model that
refused our request, or does not take our key, is not asked twice.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from django.conf import settings
from django.utils import timezone

from botsite.telemetry.logging import get_logger
from conversations.llm.base import (
    ChatMessage,
    LLMError,
    ProviderCredentialsError,
    ProviderRefusedError,
    ProviderRestingError,
    ProviderThrottledError,
    Reply,
    Usage,
)
from conversations.llm.complexity import Assessment, Tier
from conversations.llm.providers import DEFAULT_OUTPUT_TOKENS, OpenAICompatible
from conversations.llm.router import Conditions, Route, Target, routes
from conversations.llm.tokens import prompt_tokens
from conversations.models import Run
from conversations.services import circuits, latency, prices
from conversations.services.asking import RunTakenOver, is_ours
from conversations.services.decision import Decision
from conversations.services.language_models import language_models

ATTEMPTS = 3
"""How often a model is asked for one answer."""

REFUSALS = 2
"""What so many models refuse, a further one would refuse too."""

CALLS_AFTER_BEGINNING = 3.5
"""How many times LLM_TIMEOUT_SECONDS a conversation with functions may take, and some more."""

FIRST_PAUSE_SECONDS = 1.0
USUAL_OUTPUT_TOKENS = DEFAULT_OUTPUT_TOKENS // 4
"""What an answer takes, for the estimate of its cost."""

_NEVER_REPEATED = (ProviderRefusedError, ProviderCredentialsError, ProviderRestingError)

log = get_logger("routing")

Call = Callable[[OpenAICompatible, Sequence[ChatMessage]], Reply]
"""Asks one provider, tuned to model and tier, for its reply, perhaps in several calls. Raises an LLMError."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A reply and the road to it. The reply's usage is not known where an earlier model may have worked."""

    reply: Reply
    decision: Decision


class NoModelAnswered(Exception):
    """No model gave a reply. `asked` names the providers that were tried, `candidates` all that might be.

    `usage_unknown`: one of them may have worked.
    """

    def __init__(
        self,
        failures: Sequence[LLMError],
        *,
        asked: frozenset[str],
        candidates: frozenset[str],
        usage_unknown: bool,
        decision: Decision,
    ) -> None:
        super().__init__(str(failures[-1]) if failures else "no model can be asked")
        self.asked = asked
        self.candidates = candidates
        self.usage_unknown = usage_unknown
        self.decision = decision

    @property
    def is_outage(self) -> bool:
        """Whether there is no model to be asked now; else the trouble may be the message's own."""
        return circuits.are_down(self.asked)


def ask_models(
    messages: Sequence[ChatMessage],
    *,
    assessment: Assessment,
    run: Run,
    call: Call,
    tier_cap: Tier | None = None,
) -> Routed:
    """Return the reply of the first model that gives one, in the order of the routes.

    `call` asks one provider. With `tier_cap` no model of a higher tier is asked. Raises NoModelAnswered, or
    RunTakenOver when nobody would want the reply any more, and what else `call` raises.
    """
    tier = assessment.tier.capped(tier_cap)
    models = {model.name: model for model in language_models()}
    table = prices.current_routes(tier_cap)
    found = routes(table, tier=tier, expected=_expected(messages), conditions=_conditions(models))
    road = _Road(run, call, begin_until=time.monotonic() + _seconds_to_begin())
    decision = Decision.of(assessment, tier=tier)
    for route in found:
        road.add(route, models[route.provider].tuned(model=route.model, tier=tier))
    arrived = road.travel(messages)
    if arrived is None:
        raise NoModelAnswered(
            road.failures,
            asked=frozenset(route.provider for route in found),
            candidates=frozenset(choice.provider for choice in table) & frozenset(models),
            usage_unknown=road.usage_unknown,
            decision=decision.taken(None, road.failures),
        )
    route, reply = arrived
    if road.usage_unknown:
        reply = replace(reply, usage=replace(reply.usage, is_known=False))
    return Routed(reply, decision.taken(route, road.failures))


def _expected(messages: Sequence[ChatMessage]) -> Usage:
    return Usage(input_tokens=prompt_tokens(messages), output_tokens=USUAL_OUTPUT_TOKENS)


def _conditions(models: Mapping[str, OpenAICompatible]) -> Conditions:
    return Conditions(
        targets={name: Target(model.model, fixed=model.is_fixed) for name, model in models.items()},
        is_open=circuits.is_resting,
        prices=prices.current_prices(),
        latency=latency.measured(),
        now=timezone.now(),
    )


def _seconds_to_begin() -> float:
    """Return for how long a further call may be begun, so that the last ends well before the turn must."""
    whole = settings.LOCK_TIMEOUT_SECONDS
    return max(0.0, min(whole / 2, whole - CALLS_AFTER_BEGINNING * settings.LLM_TIMEOUT_SECONDS))


@dataclass(order=True, slots=True)
class _Attempt:
    """A model to be asked, not before a moment of `time.monotonic()`; `number` counts from 1."""

    not_before: float
    place: int
    number: int = field(compare=False)
    route: Route = field(compare=False)
    provider: OpenAICompatible = field(compare=False)


class _Road:
    """Goes from attempt to attempt. `usage_unknown`: a model that failed may have worked all the same."""

    def __init__(self, run: Run, call: Call, *, begin_until: float) -> None:
        self.failures: list[LLMError] = []
        self.usage_unknown = False
        self._run = run
        self._call = call
        self._begin_until = begin_until
        self._ahead: list[_Attempt] = []

    def add(self, route: Route, provider: OpenAICompatible) -> None:
        """Put a model at the end of the first round."""
        heappush(self._ahead, _Attempt(0.0, len(self._ahead), 1, route, provider))

    def travel(self, messages: Sequence[ChatMessage]) -> tuple[Route, Reply] | None:
        """Return the first reply and where it came from; None: all that could be done was done."""
        while self._ahead and self._refusals() < REFUSALS:
            attempt = heappop(self._ahead)
            if not self._may_begin(attempt):
                return None
            response_id = self._run.response_id
            try:
                return attempt.route, self._call(attempt.provider, messages)
            except LLMError as error:
                began = self._run.response_id != response_id
                worked = error.may_have_worked or began or error.spent != Usage()
                self.usage_unknown = self.usage_unknown or worked
                self._failed(attempt, error)
        return None

    def _refusals(self) -> int:
        return sum(isinstance(error, ProviderRefusedError) for error in self.failures)

    def _may_begin(self, attempt: _Attempt) -> bool:
        """Wait for the attempt's time; False when that is too late. Raises RunTakenOver."""
        if not self.failures:
            return True
        if max(attempt.not_before, time.monotonic()) > self._begin_until:
            return False
        if (pause := attempt.not_before - time.monotonic()) > 0:
            time.sleep(pause)
        if not is_ours(self._run):
            raise RunTakenOver
        return True

    def _failed(self, attempt: _Attempt, error: LLMError) -> None:
        self.failures.append(error)
        log.warning(
            "AI_PROVIDER_ERROR",
            provider=error.provider,
            model=attempt.provider.model,
            error=error.code,
            attempt=attempt.number,
            run_id=self._run.pk,
            fallback="the next model",
        )
        if isinstance(error, _NEVER_REPEATED) or attempt.number == ATTEMPTS:
            return
        not_before = time.monotonic() + _pause(attempt, error)
        again = replace(attempt, not_before=not_before, number=attempt.number + 1)
        heappush(self._ahead, again)


def _pause(attempt: _Attempt, error: LLMError) -> float:
    """Return the seconds until it is asked again: what it said, else more every time, with full jitter."""
    if isinstance(error, ProviderThrottledError) and error.retry_after is not None:
        return error.retry_after
    return random.uniform(0, FIRST_PAUSE_SECONDS * 2 ** (attempt.number - 1))  # noqa: S311  no secret
