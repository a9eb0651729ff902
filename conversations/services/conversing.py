"""One provider's part in a turn: it is asked, with functions to call, until it replies."""

from collections.abc import Callable, Sequence

from django.conf import settings

from conversations.llm.base import ChatMessage, Reply, ToolRequest, ToolSpec
from conversations.llm.complexity import Tier
from conversations.llm.providers import OpenAICompatible, OpenAIResponses
from conversations.llm.tool_rounds import answer_with_tools
from conversations.models import Run
from conversations.services.asking import ask, ask_in_background
from conversations.tools.toolbox import Toolbox


def conversing(run: Run, functions: Toolbox) -> Callable[[OpenAICompatible, Sequence[ChatMessage]], Reply]:
    """Return how a provider is asked for the turn's reply, with `functions` at hand.

    What it returns raises an LLMError, RunTakenOver, or LeaseLost.
    """
    specs = functions.specs

    def call(provider: OpenAICompatible, messages: Sequence[ChatMessage]) -> Reply:
        return answer_with_tools(
            messages,
            specs=specs,
            ask=lambda asked, offered: _asked(provider, asked, offered, run),
            run=functions.run,
            seconds=settings.LLM_TIMEOUT_SECONDS,
        ).reply

    return call


def _asked(
    provider: OpenAICompatible, messages: Sequence[ChatMessage], specs: Sequence[ToolSpec], run: Run
) -> Reply | ToolRequest:
    """Ask once: in the background what takes thought, where the provider can."""
    if provider.tier is Tier.COMPLEX and isinstance(provider, OpenAIResponses):
        return ask_in_background(provider, messages, run, specs)
    return ask(provider, messages, specs)
