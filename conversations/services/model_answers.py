"""The answer of a model: from the response cache where anybody could have asked, else made for this turn.

What is made is paid from the channel's budget, goes along the routes, and may call functions on the way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Protocol

from django.utils import timezone

from conversations.llm.base import ChatMessage, Usage
from conversations.llm.complexity import Assessment, Tier
from conversations.llm.providers import DEFAULT_OUTPUT_TOKENS, THINKING_TOKENS
from conversations.llm.response_cache import CACHE_PROVIDER, Made
from conversations.llm.tokens import prompt_tokens
from conversations.llm.tool_rounds import MOST_ROUNDS
from conversations.services import budgets, prices, response_cache
from conversations.services.answer_request import AnswerRequest
from conversations.services.answers import Answer
from conversations.services.budgets import UNLIMITED, Allowance, Step
from conversations.services.conversing import conversing
from conversations.services.decision import Decision
from conversations.services.messages import split_text
from conversations.services.response_cache import Plan
from conversations.services.routing import Routed, ask_models
from conversations.services.turn import Turn
from conversations.services.typing_sign import typing_show
from conversations.shop.values import Customer
from conversations.tools import toolbox
from conversations.tools.context import ToolContext
from conversations.tools.toolbox import Toolbox

PERSON_REASON = "person_wanted"
MOST_CALLS = MOST_ROUNDS + 1
"""Of a model for one answer: each round of functions, and the answer."""


class _Prompt(Protocol):
    """Makes the messages that a model is asked with."""

    def __call__(self, *, beside_tokens: int) -> Sequence[ChatMessage]: ...


class BudgetSpent(Exception):
    """The channel's budget allows no model to be asked; `decision` says what the message asked for."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("the budget is spent")
        self.decision = decision


@dataclass(frozen=True, slots=True)
class _Own:
    """A reply that was made for this turn, and the functions as they were used for it."""

    routed: Routed
    functions: Toolbox


def answer_from_models(
    turn: Turn, request: AnswerRequest, assessment: Assessment, *, still_ours: Callable[[], bool]
) -> Answer:
    """Return the answer of a model, or the one that is kept for all who ask the same.

    `still_ours` renews this worker's hold on the customer and tells whether there is one. Raises BudgetSpent,
    NoModelAnswered, and RunTakenOver or LeaseLost when nobody would want the answer any more.
    """
    plan = _plan(request, assessment)

    def make(prompt: _Prompt) -> _Own:
        context = ToolContext(Customer.of(turn.user), turn.first_message_id, still_ours)
        functions = toolbox.for_turn(context)
        return _made(turn, prompt(beside_tokens=functions.tokens), assessment, functions)

    if plan is None:
        return _own_answer(request, make(request.prompt))
    return _shared_answer(request, plan, assessment, make)


def _plan(request: AnswerRequest, assessment: Assessment) -> Plan | None:
    if not request.is_plain:
        return None
    return response_cache.plan_for(
        channel_id=request.channel_id,
        profile=request.profile,
        language=request.language,
        question=request.question,
        assessment=assessment,
    )


def _shared_answer(
    request: AnswerRequest,
    plan: Plan,
    assessment: Assessment,
    make: Callable[[_Prompt], _Own],
) -> Answer:
    """Answer with what is kept for the question, or make it, for everybody."""
    made: list[_Own] = []

    def make_once() -> Made:
        made.append(make(partial(response_cache.prompt_for, plan)))
        return Made(made[-1].routed.reply, storable=not made[-1].functions.used)

    cached = response_cache.reply_for(plan, make_once)
    if cached.source == "made":
        return _own_answer(request, made[-1])
    return Answer(
        texts=split_text(cached.reply.text, request.text_limit),
        provider=CACHE_PROVIDER,
        model=cached.reply.model,
        decision=Decision.of(assessment, tier=assessment.tier).noted(f"response cache: {cached.source}"),
        cache_key=cached.key,
        saved_usd=response_cache.saved_usd(cached),
    )


def _made(turn: Turn, messages: Sequence[ChatMessage], assessment: Assessment, functions: Toolbox) -> _Own:
    allowance = _allowance(turn, prompt_tokens(messages) + functions.tokens)
    if allowance.step is Step.OFFLINE:
        raise BudgetSpent(Decision.of(assessment, tier=assessment.tier).noted("budget spent"))
    typing_show(turn)
    routed = ask_models(
        messages,
        assessment=assessment,
        run=turn.run,
        tier_cap=allowance.tier_cap,
        call=conversing(turn.run, functions),
    )
    return _Own(routed, functions)


def _allowance(turn: Turn, input_tokens: int) -> Allowance:
    channel_id = turn.user.channel_id
    if not budgets.is_limited(channel_id):
        return UNLIMITED
    return budgets.reserve(
        channel_id,
        run_id=turn.run.pk,
        estimate_usd=_most_usd(input_tokens, Tier.COMPLEX),
        cheaper_usd=_most_usd(input_tokens, Tier.SIMPLE),
    )


def _most_usd(input_tokens: int, cap: Tier) -> Decimal:
    """Return what an answer costs at the most, on the dearest model of the tiers up to `cap`."""
    output = DEFAULT_OUTPUT_TOKENS + (THINKING_TOKENS if cap is Tier.COMPLEX else 0)
    usage = Usage(input_tokens=input_tokens * MOST_CALLS, output_tokens=output * MOST_CALLS)
    return prices.dearest_usd(cap, usage=usage, at=timezone.now()) or Decimal(0)


def _own_answer(request: AnswerRequest, own: _Own) -> Answer:
    reply, wants_person = own.routed.reply, own.functions.wants_person
    answer = Answer.of(reply, text_limit=request.text_limit, decision=own.routed.decision)
    return replace(answer, held=True, reason=PERSON_REASON) if wants_person else answer
