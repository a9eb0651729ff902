"""One provider's part in a turn: it is asked, with functions to call, until it replies."""

from collections.abc import Callable, Sequence

from django.conf import settings

from conversations.llm.base import ChatMessage, ProviderRefusedError, Reply, ToolRequest, ToolSpec
from conversations.llm.complexity import Tier
from conversations.llm.providers import OpenAICompatible, OpenAIResponses
from conversations.llm.tool_rounds import answer_with_tools
from conversations.models import Run
from conversations.services.asking import ask, ask_in_background
from conversations.tools.toolbox import Toolbox

_without_functions: set[tuple[str, str]] = set()
"""Servers (address, model) of an operator's own choice that this process has found to know no functions."""


def conversing(run: Run, functions: Toolbox) -> Callable[[OpenAICompatible, Sequence[ChatMessage]], Reply]:
    """Return how a provider is asked for the turn's reply, with `functions` at hand.

    What it returns raises an LLMError, RunTakenOver, or LeaseLost.
    """
    specs = functions.specs

    def call(provider: OpenAICompatible, messages: Sequence[ChatMessage]) -> Reply:
        server = (provider.base_url, provider.model)
        offered = () if server in _without_functions else specs
        try:
            return _conversation(provider, messages, offered, run, functions)
        except ProviderRefusedError as error:
            # Any server may stand behind an address of one's own: one that knows no functions refuses them.
            if not (offered and provider.is_fixed) or error.may_have_worked or functions.used:
                raise
        reply = _conversation(provider, messages, (), run, functions)
        _without_functions.add(server)
        return reply

    return call


def ask_once(
    provider: OpenAICompatible, messages: Sequence[ChatMessage], specs: Sequence[ToolSpec], *, run: Run
) -> Reply | ToolRequest:
    """Ask for a reply or calls of `specs`: in the background what takes thought, where the provider can."""
    if provider.tier is Tier.COMPLEX and isinstance(provider, OpenAIResponses):
        return ask_in_background(provider, messages, run, specs)
    return ask(provider, messages, specs)


def _conversation(
    provider: OpenAICompatible,
    messages: Sequence[ChatMessage],
    specs: Sequence[ToolSpec],
    run: Run,
    functions: Toolbox,
) -> Reply:
    return answer_with_tools(
        messages,
        specs=specs,
        ask=lambda asked, offered: ask_once(provider, asked, offered, run=run),
        run=functions.run,
        seconds=settings.LLM_TIMEOUT_SECONDS,
    ).reply
