"""Whom a function is called for. The model has no say in any of it."""

from collections.abc import Callable
from dataclasses import dataclass

from conversations.shop.values import Customer


class LeaseLost(Exception):
    """The customer is somebody else's by now: nothing more may be done for this turn."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The turn that functions are called in.

    `message_id` is the first of the messages that it answers, by sequence: it is the same when the turn is
    run again, whatever has come since. `still_ours` renews the worker's hold on the customer and tells
    whether there is one; called in a transaction, it keeps it to the end of that.
    """

    customer: Customer
    message_id: int
    still_ours: Callable[[], bool]

    def require_ours(self) -> None:
        """Raise LeaseLost unless this worker still holds the customer."""
        if not self.still_ours():
            raise LeaseLost

    def request_key(self, occurrence: int) -> str:
        """Return the name of the `occurrence`-th request of its kind (from 0) in this turn."""
        return f"message:{self.message_id}" + (f":{occurrence}" if occurrence else "")
