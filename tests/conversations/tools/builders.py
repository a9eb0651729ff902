"""What the tests of the functions start from."""

import json
from collections.abc import Callable
from typing import Any

from conversations.llm.base import ToolCall
from conversations.models import WhatsAppUser
from conversations.shop.values import Customer
from conversations.tools.context import ToolContext
from conversations.tools.toolbox import Toolbox, for_turn
from sessions_app.models import Channel
from tests.conversations.builders import receive


def context_of(user: WhatsAppUser, *, still_ours: Callable[[], bool] = lambda: True) -> ToolContext:
    """The turn that answers the user's first message that waits."""
    message = user.messages.order_by("sequence").earliest("sequence")
    return ToolContext(Customer.of(user), message.pk, still_ours)


def turn_of(channel: Channel, *, sender: str = "573000000001") -> Toolbox:
    """The functions of a turn that answers a customer who has just written."""
    return for_turn(context_of(receive(channel, "hola", sender=sender)))


def call(toolbox: Toolbox, name: str, **arguments: Any) -> dict[str, Any]:
    """What the model is told when it calls a function."""
    return unfenced(toolbox.run(ToolCall("call_1", name, arguments)))


def unfenced(told: str) -> dict[str, Any]:
    opening, body, closing = told.split("\n")
    assert (opening, closing) == ("<result>", "</result>")
    result = json.loads(body)
    assert isinstance(result, dict)
    return result
