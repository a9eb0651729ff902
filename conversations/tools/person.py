"""Handing the conversation over."""

from conversations.tools.arguments import Arguments
from conversations.tools.context import ToolContext
from conversations.tools.results import Result


def hand_over_to_person(_context: ToolContext, _arguments: Arguments) -> Result:
    return {"done": "A person of the team will answer. Tell the customer so, and promise no time."}
