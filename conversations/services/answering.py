"""What to answer: a model's reply where one is configured, else the offline responder's."""

from collections.abc import Callable

from botsite.telemetry.logging import get_logger
from conversations.llm.base import LLMError, ResponseFailedError, Usage
from conversations.llm.complexity import assess
from conversations.llm.fallback import waiting_text
from conversations.services import offline
from conversations.services.answer_request import AnswerRequest, request_for
from conversations.services.answers import (
    NO_USAGE,
    UNKNOWN_USAGE,
    Answer,
    AnswerFailed,
    NoModelAtAll,
)
from conversations.services.asking import RunTakenOver, follow
from conversations.services.budgets import HELD_REASON
from conversations.services.decision import NO_DECISION, Decision
from conversations.services.language_models import background_model, language_models
from conversations.services.messages import split_text
from conversations.services.model_answers import BudgetSpent, answer_from_models
from conversations.services.routing import NoModelAnswered
from conversations.services.turn import Turn
from conversations.tools.context import LeaseLost

OFFLINE_PROVIDER = "offline"
UNKNOWN_REASON = "no_answer_known"

log = get_logger("answering")


def answer(turn: Turn, *, still_ours: Callable[[], bool]) -> Answer:
    """Answer from the response cache, with the first model that can, or offline where none is configured.

    `still_ours` renews this worker's hold on the customer and tells whether there is one. When no model
    answers, the offline responder steps in with a degraded answer if it knows one; else AnswerFailed is
    raised, or NoModelAtAll while no model can be asked. No database connection is held while a model works.
    """
    request = request_for(turn)
    if turn.recovered:
        return _fetched(turn, request)
    assessment = assess(request.question)
    if not language_models():
        return _offline(request, degraded=False, decision=Decision.of(assessment, tier=assessment.tier))
    try:
        return answer_from_models(turn, request, assessment, still_ours=still_ours)
    except (RunTakenOver, LeaseLost) as error:
        raise AnswerFailed("the run was taken over", usage_unknown=True) from error
    except BudgetSpent as spent:
        return _offline(request, degraded=True, decision=spent.decision, held_reason=HELD_REASON)
    except NoModelAnswered as error:
        return _without_a_model(request, error)


def _fetched(turn: Turn, request: AnswerRequest) -> Answer:
    """Answer with the response that the vanished worker had begun; what is not to be had is asked anew."""
    decision = Decision(route="fetched by id after its worker had vanished")
    provider = background_model(turn.run.provider)
    try:
        if provider is None:
            raise ResponseFailedError(turn.run.provider, "not configured any more")
        reply = follow(provider, turn.run)
    except LLMError as error:
        log.warning("RUN_RECOVERY_ERROR", run_id=turn.run.pk, error=error.code, fallback="asked again")
        raise AnswerFailed(str(error), usage_unknown=True, retry_now=True, decision=decision) from error
    return Answer.of(reply, text_limit=request.text_limit, decision=decision)


def _without_a_model(request: AnswerRequest, error: NoModelAnswered) -> Answer:
    """Answer offline, if anything is known. Raises NoModelAtAll in an outage, else AnswerFailed."""
    log.warning("NO_MODEL_ANSWERED", error=str(error), asked=sorted(error.asked), fallback="offline")
    unknown = error.usage_unknown
    usage = UNKNOWN_USAGE if unknown else NO_USAGE
    fallback = _offline(request, degraded=True, usage=usage, decision=error.decision)
    if not fallback.held:
        return fallback
    if error.is_outage:
        raise NoModelAtAll(
            str(error),
            usage_unknown=unknown,
            decision=error.decision,
            candidates=error.candidates,
            notice=waiting_text(request.spoken),
        ) from error
    raise AnswerFailed(str(error), usage_unknown=unknown, decision=error.decision) from error


def _offline(
    request: AnswerRequest,
    *,
    degraded: bool,
    usage: Usage = NO_USAGE,
    decision: Decision = NO_DECISION,
    held_reason: str = UNKNOWN_REASON,
) -> Answer:
    """Answer out of the knowledge base; what nothing is known about is held for `held_reason`."""
    found = offline.answer(
        channel_id=request.channel_id, text=request.question, default_language=request.language
    )
    return Answer(
        texts=split_text(found.text, request.text_limit),
        provider=OFFLINE_PROVIDER,
        usage=usage,
        degraded=degraded,
        held=not found.found,
        reason="" if found.found else held_reason,
        decision=decision,
    )
