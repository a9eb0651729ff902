"""The ledger: what each run used and cost, committed together with its reply."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from conversations.llm.base import (
    ChatMessage,
    LLMError,
    LLMProvider,
    ProviderRestingError,
    Reply,
    Usage,
)
from conversations.llm.complexity import Tier
from conversations.llm.providers import DEFAULT_OUTPUT_TOKENS
from conversations.llm.tokens import prompt_tokens
from conversations.models import Run, RunState, Thread
from conversations.services import activity, budgets, prices
from conversations.services.asking import ask
from conversations.services.budgets import Step
from conversations.services.decision import NO_DECISION, Decision
from conversations.services.language_models import language_models
from conversations.services.provider_usage import usage_book

_NOTHING = Decimal(0)


def begin_run(thread: Thread, *, epoch: int) -> Run:
    """Create the thread's active run. Where a model may be asked, its usage is unknown until it ends well.

    A worker that vanishes, or loses its user, can say nothing about it any more.
    """
    return Run.objects.create(thread=thread, epoch=epoch, usage_unknown=bool(language_models()))


def complete_run(
    run: Run,
    *,
    provider: str,
    model: str,
    usage: Usage,
    degraded: bool = False,
    decision: Decision = NO_DECISION,
    cache_key: str = "",
    saved_usd: Decimal | None = None,
) -> None:
    """Write what the run used, and make its thread's activity due. Call it in the reply's transaction.

    Of a usage that is not known its tokens are the least that was used. `cache_key` and `saved_usd` are for a
    run that was answered from the response cache.
    """
    now = timezone.now()
    cost = prices.cost_usd(provider=provider, model=model, usage=usage, at=now) if usage.is_known else None
    baseline = None if cost is None else prices.baseline_usd(provider, model, usage=usage, at=now)
    activity.schedule(run.thread_id)  # first, for the fold too locks a thread before its runs
    Run.objects.filter(pk=run.pk).update(
        state=RunState.COMPLETED,
        finished_at=Now(),
        provider=provider,
        model=model,
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=cost,
        baseline_usd=baseline,
        cache_key=cache_key,
        saved_usd=saved_usd,
        usage_unknown=not usage.is_known,
        degraded=degraded,
        tier=decision.tier,
        intent=decision.intent,
        route=decision.route,
        error="",
        folded_at=None,
    )
    _settle(run, _NOTHING if usage == Usage() else cost)
    usage_book(run.pk, provider=provider, usage=usage, cost_usd=cost)


def fail_run(run: Run, error: str, *, usage_unknown: bool, decision: Decision = NO_DECISION) -> None:
    """Close a run that brought no answer; `usage_unknown`: the model may have worked all the same."""
    Run.objects.filter(pk=run.pk).update(
        state=RunState.FAILED,
        finished_at=Now(),
        tier=decision.tier,
        intent=decision.intent,
        route=decision.route,
        error=error[:300],
        usage_unknown=usage_unknown,
    )
    _settle(run, None if usage_unknown else _NOTHING)


def _settle(run: Run, cost_usd: Decimal | None) -> None:
    if run.thread is not None:
        budgets.settle(run.pk, cost_usd, channel_id=run.thread.user.channel_id)


def ask_for_summary(model: LLMProvider, messages: Sequence[ChatMessage], thread: Thread) -> Reply:
    """Ask a model about the thread, outside of any turn and transaction. Raises an LLMError.

    The run is in the books before the model is asked, as one whose usage is unknown: its worker may vanish.
    What it may cost is reserved; from a budget's warning level on no model is asked.
    """
    run = Run.objects.create(
        thread=thread,
        epoch=0,
        state=RunState.FAILED,
        finished_at=Now(),
        usage_unknown=True,
        error="the summary was not finished",
    )
    if not _is_affordable(run, messages):
        fail_run(run, "the budget is spent", usage_unknown=False)
        raise ProviderRestingError(model.name, "the budget is spent")
    try:
        reply = ask(model, messages)
    except LLMError as error:
        fail_run(run, str(error), usage_unknown=error.may_have_worked)
        raise
    with transaction.atomic():
        complete_run(run, provider=reply.provider, model=reply.model, usage=reply.usage)
    return reply


def _is_affordable(run: Run, messages: Sequence[ChatMessage]) -> bool:
    """Reserve what a summary costs at the most; False when the budget has no room to spare."""
    channel_id = run.thread.user.channel_id if run.thread else None
    if channel_id is None or not budgets.is_limited(channel_id):
        return True
    most = Usage(input_tokens=prompt_tokens(messages), output_tokens=DEFAULT_OUTPUT_TOKENS)
    estimate = prices.dearest_usd(Tier.COMPLEX, usage=most, at=timezone.now()) or _NOTHING
    return budgets.reserve(channel_id, run_id=run.pk, estimate_usd=estimate).step is Step.FULL
