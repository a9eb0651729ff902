"""What to answer: a model's reply where one is configured, else the offline responder's."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from botsite.telemetry.logging import get_logger
from conversations.llm.base import ChatMessage, LLMError, Reply, ResponseFailedError, Usage
from conversations.llm.complexity import assess
from conversations.llm.fallback import waiting_text
from conversations.llm.language import detect_language
from conversations.llm.profile import Profile
from conversations.llm.prompt_parts import Customer, Snippet
from conversations.llm.prompts import build_messages
from conversations.services import memory, offline, threads
from conversations.services.asking import RunTakenOver, follow
from conversations.services.assistant_profiles import profile_in_use
from conversations.services.decision import NO_DECISION, Decision
from conversations.services.language_models import background_model, language_models
from conversations.services.messages import split_text
from conversations.services.routing import NoModelAnswered, ask_models
from conversations.services.turn import Turn
from sessions_app.providers.registry import get_provider

OFFLINE_PROVIDER = "offline"
SNIPPETS = 5
NO_USAGE = Usage()
UNKNOWN_USAGE = Usage(is_known=False)

log = get_logger("answering")


class AnswerFailed(Exception):
    """No answer this time: the turn is tried again, later or now. The text holds nothing private.

    `usage_unknown`: the model may have worked, and nobody knows how much.
    """

    def __init__(
        self,
        message: str,
        *,
        usage_unknown: bool,
        retry_now: bool = False,
        decision: Decision = NO_DECISION,
    ) -> None:
        super().__init__(message)
        self.usage_unknown = usage_unknown
        self.retry_now = retry_now
        self.decision = decision


class NoModelAtAll(AnswerFailed):
    """No model can be asked now, and nothing is known offline: the message waits for one of `candidates`.

    `notice` tells the customer so.
    """

    def __init__(
        self,
        message: str,
        *,
        usage_unknown: bool,
        decision: Decision,
        candidates: frozenset[str],
        notice: str,
    ) -> None:
        super().__init__(message, usage_unknown=usage_unknown, decision=decision)
        self.candidates = candidates
        self.notice = notice


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """All that an answer is made from, read before any provider is called.

    `channel_id` is the channel whose knowledge it may use.
    """

    channel_id: int
    language: str
    profile: Profile
    customer: Customer
    text_limit: int
    summary: str
    history: tuple[ChatMessage, ...]
    burst: tuple[str, ...]
    """What the customer wrote since the last answer, in order."""

    @property
    def question(self) -> str:
        return "\n".join(self.burst)


@dataclass(frozen=True, slots=True)
class Answer:
    """The texts to send, in order, and the books of how they came about.

    `held` says that a person has to look at the question, for `reason`.
    """

    texts: tuple[str, ...]
    provider: str
    model: str = ""
    usage: Usage = NO_USAGE
    degraded: bool = False
    held: bool = False
    reason: str = ""
    decision: Decision = NO_DECISION


def request_for(turn: Turn) -> AnswerRequest:
    """Gather what answering the turn's messages needs."""
    user, client = turn.user, turn.client
    in_use = profile_in_use(user)
    name = client.name or client.user_name
    return AnswerRequest(
        channel_id=in_use.channel_id,
        language=client.language or user.channel.language,
        profile=in_use.profile,
        customer=Customer(name=name, labels=client.labels, memory=memory.facts_of(user)),
        text_limit=get_provider(user.channel.kind).text_limit,
        summary=turn.thread.summary,
        history=tuple(
            threads.as_chat(message) for message in threads.history(turn.thread, without=turn.messages)
        ),
        burst=tuple(message.text for message in turn.messages),
    )


def answer(turn: Turn) -> Answer:
    """Answer with the first model that can, or offline where none is configured.

    When no model answers, the offline responder steps in with a degraded answer if it knows one; else
    AnswerFailed is raised, or NoModelAtAll while no model can be asked. No database connection is held while
    a model works.
    """
    request = request_for(turn)
    if turn.recovered:
        return _fetched(turn, request)
    if not language_models():
        return _offline(request, degraded=False)
    assessment = assess(request.question)
    try:
        routed = ask_models(_prompt(request), assessment=assessment, run=turn.run)
    except RunTakenOver as error:
        raise AnswerFailed("the run was taken over", usage_unknown=True) from error
    except NoModelAnswered as error:
        return _without_a_model(request, error)
    return _from_reply(request, routed.reply, routed.decision)


def _fetched(turn: Turn, request: AnswerRequest) -> Answer:
    """Answer with the response that the vanished worker had begun; what is not to be had is asked anew."""
    decision = Decision(route="fetched by id after its worker had vanished")
    provider = background_model(turn.run.provider)
    try:
        if provider is None:
            raise ResponseFailedError(turn.run.provider, "not configured any more")
        return _from_reply(request, follow(provider, turn.run), decision)
    except LLMError as error:
        log.warning("RUN_RECOVERY_ERROR", run_id=turn.run.pk, error=error.code, fallback="asked again")
        raise AnswerFailed(str(error), usage_unknown=True, retry_now=True, decision=decision) from error


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
            notice=waiting_text(_language(request)),
        ) from error
    raise AnswerFailed(str(error), usage_unknown=unknown, decision=error.decision) from error


def _language(request: AnswerRequest) -> str:
    """Return the language of a customer who wrote `request`; Portuguese is not told from Spanish by words."""
    known = request.language.lower()[:2]
    return known if known == "pt" else detect_language(request.question, known)


def _prompt(request: AnswerRequest) -> list[ChatMessage]:
    entries = offline.find_entries(request.channel_id, request.question, limit=SNIPPETS)
    return build_messages(
        profile=request.profile,
        language=request.language,
        customer=request.customer,
        summary=request.summary,
        knowledge=[Snippet(entry.question, entry.answer) for entry in entries],
        turns=[*request.history, *(ChatMessage("user", text) for text in request.burst)],
        now=timezone.now(),
        budget=settings.PROMPT_TOKEN_BUDGET,
    )


def _from_reply(request: AnswerRequest, reply: Reply, decision: Decision) -> Answer:
    return Answer(
        texts=split_text(reply.text, request.text_limit),
        provider=reply.provider,
        model=reply.model,
        usage=reply.usage,
        decision=decision,
    )


def _offline(
    request: AnswerRequest, *, degraded: bool, usage: Usage = NO_USAGE, decision: Decision = NO_DECISION
) -> Answer:
    found = offline.answer(
        channel_id=request.channel_id, text=request.question, default_language=request.language
    )
    return Answer(
        texts=split_text(found.text, request.text_limit),
        provider=OFFLINE_PROVIDER,
        usage=usage,
        degraded=degraded,
        held=not found.found,
        reason="" if found.found else "no_answer_known",
        decision=decision,
    )
