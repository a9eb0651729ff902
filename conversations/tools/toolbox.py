"""The functions as a turn has them: `for_turn(context)` gives what to offer, and runs what is called."""

import hashlib
import json
import time
import traceback
from functools import cache, cached_property
from pathlib import Path

from pydantic import ValidationError

from botsite.caching import FUNCTION_RESULT, get_or_load
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from botsite.telemetry.reports import report_function_call
from conversations.llm.base import ToolCall, ToolSpec
from conversations.llm.tokens import spec_tokens
from conversations.shop.refusals import ShopRefusal
from conversations.shop.values import Shop
from conversations.tools.arguments import Arguments, problems_of
from conversations.tools.catalogue import sells_anything
from conversations.tools.changes import Changes
from conversations.tools.context import LeaseLost, ToolContext
from conversations.tools.refusals import as_result
from conversations.tools.results import Result, fenced
from conversations.tools.table import HAND_OVER, TOOLS, OfCustomer, OfShop, Tool

MOST_CALLS_A_TURN = 16

log = get_logger("tools")


class Toolbox:
    """What the model can do in one turn. `used` are the functions it called, `wants_person` whether it handed
    the conversation over: the turn's answer is then to be held for a person (`person_wanted`)."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._changes = Changes(context)
        self.used: list[str] = []
        self.wants_person = False

    @cached_property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is offered; where nothing is sold only the person: all cost 900 tokens a call."""
        if sells_anything(self._context.customer.shop):
            return tuple(tool.spec for tool in TOOLS.values())
        return (TOOLS[HAND_OVER].spec,)

    @property
    def tokens(self) -> int:
        """About how many tokens a model reads with that offer."""
        return sum(_tokens(spec.name) for spec in self.specs)

    def run(self, call: ToolCall) -> str:
        """Do what the model asks and return what it is told: a result, or plainly why there is none.

        Raises LeaseLost when the customer is no longer this worker's, and nothing else.
        """
        tool = TOOLS.get(call.name)
        name = tool.name if tool else "unknown"  # a label is not the model's to choose
        self.used.append(name)
        started = time.monotonic()
        result, outcome = self._attempt(tool, call)
        seconds = time.monotonic() - started
        metrics.count("function_calls_total", name=name, result=outcome)
        metrics.observe("function_seconds", seconds, name=name)
        report_function_call(name, seconds=seconds, outcome=outcome)
        return fenced(result)

    def _attempt(self, tool: Tool | None, call: ToolCall) -> tuple[Result, str]:
        """Return what the model is told, and the outcome in a word."""
        if tool is None:
            return {"error": f"There is no such function. There are: {', '.join(TOOLS)}."}, "unknown"
        if len(self.used) > MOST_CALLS_A_TURN:
            return {"error": "Too many functions were called for one message."}, "limit"
        if call.problem:
            return {"error": f"Not done: {call.problem}."}, "invalid"
        try:
            result, was_made = self._do(tool, tool.arguments.model_validate(call.arguments))
        except ValidationError as error:
            return {"error": f"Not done: {problems_of(error)}"}, "invalid"
        except ShopRefusal as refusal:
            return as_result(refusal), "refused"
        except LeaseLost:
            raise
        except Exception as error:  # a fault of ours must not cost the customer the answer
            # Without its text, which may quote the customer.
            log.error("FUNCTION_FAILED", name=tool.name, error=type(error).__name__, where=_place_of(error))
            return {"error": "It did not work just now. Do not say that it did."}, "failed"
        return result, "repeated" if was_made else "ok"

    def _do(self, tool: Tool, arguments: Arguments) -> tuple[Result, bool]:
        """Return the result, and whether it is that of a change made before."""
        action = tool.action
        if isinstance(action, OfShop | OfCustomer):
            self._context.require_ours()
        if isinstance(action, OfShop):
            return _of_shop(tool.name, action, self._context.customer.shop, arguments), False
        if isinstance(action, OfCustomer):
            self.wants_person = self.wants_person or tool.name == HAND_OVER
            return action.run(self._context, arguments), False
        return self._changes.make(tool.name, action, arguments)


def for_turn(context: ToolContext) -> Toolbox:
    """Return the functions for the turn of `context`."""
    return Toolbox(context)


@cache
def _tokens(name: str) -> int:
    return spec_tokens(TOOLS[name].spec)


def _place_of(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _of_shop(name: str, action: OfShop, shop: Shop, arguments: Arguments) -> Result:
    if not action.is_cached:
        return action.run(shop, arguments)
    written = json.dumps(arguments.model_dump(), sort_keys=True)
    found: Result = get_or_load(
        FUNCTION_RESULT,
        lambda: action.run(shop, arguments),
        channel=shop.slug,
        function=name,
        digest=hashlib.sha256(written.encode()).hexdigest(),
    )
    return found
