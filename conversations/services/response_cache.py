"""One answer for all who ask the same: planned by the question, made once, then found for a day.

plan = plan_for(channel_id=…, profile=…, language=…, question=…)
if plan:
    cached = reply_for(plan, lambda: Made(ask(provider, prompt_for(plan)), storable=…))
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from django.db import connection

from botsite.caching import AI_RESPONSE, get_or_load
from botsite.telemetry import metrics
from conversations.llm.base import ChatMessage, Reply, Usage
from conversations.llm.cacheability import cache_key, judge, normalized_question
from conversations.llm.complexity import Assessment, assess
from conversations.llm.language import detect_language
from conversations.llm.profile import Profile
from conversations.llm.prompts import build_impersonal_messages, prompt_version
from conversations.llm.response_cache import (
    CACHE_PROVIDER,
    CachedReply,
    KeptAnswer,
    Made,
    answer_to_json,
    is_storable,
    reply_from_json,
)
from conversations.services import prices
from conversations.services.answer_state import Pin, answer_state, pin_of
from conversations.services.language_models import prompt_budget
from conversations.services.offline import snippets


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered that anybody could ask: by the pin, else by what is kept under `key`.

    `version` is that of the prompt and the knowledge.
    """

    channel_id: int
    profile: Profile
    language: str
    question: str
    version: str
    key: str
    pin: Pin | None


class _NotKept(Exception):
    """The reply is for who asked, and for nobody else."""


def plan_for(
    *,
    channel_id: int,
    profile: Profile,
    language: str,
    question: str,
    assessment: Assessment | None = None,
) -> Plan | None:
    """Return how `question` is answered from the cache; None, counted by its reason, when it may not be.

    `question` is all that the customer wrote since the last answer, in messages of text alone. `channel_id`
    is the channel whose knowledge is used, `language` what a question is taken for that does not show its
    own, `assessment` complexity's, if it is there already. One query when the channel's state is not cached.
    """
    assessment = assessment or assess(question)
    judged = judge(question, assessment)
    if not judged.eligible:
        metrics.count("ai_response_cache_total", result="ineligible")
        metrics.count("ai_response_cache_ineligible_total", reason=judged.reason)
        return None
    state = answer_state(channel_id)
    spoken = _language(question, language)
    version = version_of(profile, state["knowledge"])
    return Plan(
        channel_id=channel_id,
        profile=profile,
        language=spoken,
        question=question,
        version=version,
        key=cache_key(
            channel_id=channel_id,
            prompt_version=version,
            knowledge_version=state["knowledge"],
            tier=assessment.tier,
            language=spoken,
            text=question,
        ),
        pin=pin_of(state["pins"], normalized=normalized_question(question), language=spoken),
    )


def prompt_for(plan: Plan, *, beside_tokens: int = 0) -> list[ChatMessage]:
    """Return the prompt to make the answer with: it holds nothing of the customer who asks.

    `beside_tokens` are what the model reads beside it, the functions that it may call.
    """
    return build_impersonal_messages(
        profile=plan.profile,
        language=plan.language,
        knowledge=snippets(plan.channel_id, plan.question),
        question=plan.question,
        budget=prompt_budget(beside_tokens=beside_tokens),
    )


def reply_for(plan: Plan, make: Callable[[], Made]) -> CachedReply:
    """Return the pinned or kept reply, or the one that `make` makes, once for all who ask meanwhile.

    What is not storable is for its own caller, and so is what `make` raises: the others then make their own.
    No database connection is held while this waits or makes. Not within a transaction.
    """
    if plan.pin is not None:
        metrics.count("ai_response_cache_total", result="pinned")
        reply = Reply(plan.pin["answer"], Usage(), CACHE_PROVIDER, "", "stop")
        return CachedReply(reply, "pinned", pin_key(plan.pin["id"]))
    own: list[Reply] = []

    def load() -> object:
        metrics.count("ai_response_cache_total", result="miss")
        made = make()
        own.append(made.reply)
        if not is_storable(made):
            raise _NotKept
        return answer_to_json(KeptAnswer(plan.question, plan.language, plan.version, made.reply))

    try:
        reply = get_or_load(
            AI_RESPONSE,
            load,
            decode=reply_from_json,
            missed=connection.close,
            channel=plan.channel_id,
            digest=plan.key,
        )
    except _NotKept:
        reply = own[-1]
    if own:
        return CachedReply(own[-1], "made", plan.key)
    metrics.count("ai_response_cache_total", result="hit")
    return CachedReply(reply, "cached", plan.key)


def pin_key(pin_id: int) -> str:
    """Return the key by which runs tell that they were answered by a pin."""
    return f"pin-{pin_id}"


def saved_usd(cached: CachedReply) -> Decimal | None:
    """Return what the original call of a cached reply would cost now; None: nothing saved, or not known."""
    reply = cached.reply
    if cached.source != "cached" or not reply.usage.is_known:
        return None
    return prices.cost_usd(provider=reply.provider, model=reply.model, usage=reply.usage)


def _language(question: str, default: str) -> str:
    """Only Spanish and English are told apart: what looks like Spanish may be what was expected."""
    detected = detect_language(question, default)
    return default if detected == "es" and default != "en" else detected


@lru_cache(maxsize=256)
def version_of(profile: Profile, knowledge: str) -> str:
    """Return the version of the prompt that `profile` and this state of the knowledge make."""
    return prompt_version(profile=profile, knowledge_state=knowledge)
