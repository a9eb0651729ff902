"""A worker that puts two of PAN into a cart and dies before the commit of that, or after it.

`python -m tests.conversations.tools.dying_worker <user id> <message id> before|after`
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from conversations.llm.base import ToolCall  # noqa: E402
from conversations.models import WhatsAppUser  # noqa: E402
from conversations.shop.services import cart  # noqa: E402
from conversations.shop.values import Cart, Customer  # noqa: E402
from conversations.tools.context import ToolContext  # noqa: E402
from conversations.tools.toolbox import for_turn  # noqa: E402


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_the_commit() -> None:
    """Let the cart's service do its work, in the transaction that it was called in, and die."""
    add = cart.cart_add

    def dying(*args: Any, **kwargs: Any) -> Cart:
        changed = add(*args, **kwargs)
        die()
        return changed

    cart.cart_add = dying


def main(user_id: int, message_id: int, moment: str) -> None:
    if moment == "before":
        die_before_the_commit()
    user = WhatsAppUser.objects.select_related("channel").get(pk=user_id)
    toolbox = for_turn(ToolContext(Customer.of(user), message_id, lambda: True))
    toolbox.run(ToolCall("call_1", "cart_add", {"sku": "PAN", "quantity": 2}))
    die()


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
