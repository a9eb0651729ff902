"""What to answer: the model where one is configured, else the offline responder over the knowledge base."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from botsite.telemetry.logging import get_logger
from conversations.llm.base import ChatMessage, LLMError, LLMProvider, Reply, Usage
from conversations.llm.profile import Profile
from conversations.llm.prompt_parts import Customer, Snippet
from conversations.llm.prompts import build_messages
from conversations.llm.providers import OpenAIResponses
from conversations.services import memory, offline, threads
from conversations.services.asking import ask, ask_in_background, follow
from conversations.services.assistant_profiles import profile_in_use
from conversations.services.language_models import language_models
from conversations.services.messages import split_text
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

    def __init__(self, message: str, *, usage_unknown: bool, retry_now: bool = False) -> None:
        super().__init__(message)
        self.usage_unknown = usage_unknown
        self.retry_now = retry_now


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
    """Answer with the first configured model, or offline where there is none.

    When the model fails, the offline responder steps in with a degraded answer if it knows one; else
    AnswerFailed is raised. No database connection is held while the model works.
    """
    request = request_for(turn)
    providers = language_models()
    if not providers:
        return _offline(request, degraded=False)
    try:
        return _from_reply(request, _reply(providers[0], turn, request))
    except LLMError as error:
        unknown = error.may_have_worked or bool(turn.run.response_id)
        if turn.recovered:
            log.warning("RUN_RECOVERY_ERROR", run_id=turn.run.pk, error=error.code, fallback="asked again")
            raise AnswerFailed(str(error), usage_unknown=unknown, retry_now=True) from error
        log.warning("AI_PROVIDER_ERROR", provider=error.provider, error=error.code, fallback="offline")
        fallback = _offline(request, degraded=True, usage=UNKNOWN_USAGE if unknown else NO_USAGE)
        if fallback.held:
            raise AnswerFailed(str(error), usage_unknown=unknown) from error
        return fallback


def _reply(provider: LLMProvider, turn: Turn, request: AnswerRequest) -> Reply:
    if not isinstance(provider, OpenAIResponses):
        return ask(provider, _prompt(request))
    if turn.recovered:
        return follow(provider, turn.run)
    return ask_in_background(provider, _prompt(request), turn.run)


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


def _from_reply(request: AnswerRequest, reply: Reply) -> Answer:
    return Answer(
        texts=split_text(reply.text, request.text_limit),
        provider=reply.provider,
        model=reply.model,
        usage=reply.usage,
    )


def _offline(request: AnswerRequest, *, degraded: bool, usage: Usage = NO_USAGE) -> Answer:
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
    )
