"""What one run answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db.models import F

from conversations.models import InboundState, Message, Run, Thread, WhatsAppUser
from conversations.services.client_data import ClientData

LEASE_SECONDS = min(20.0, settings.LOCK_TIMEOUT_SECONDS)
"""For so long a customer is a worker's; it asks for as much again while it is at work."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A run and the messages it answers, in order; `recovered` when another worker began it.

    `user` is read without its profile, which is `client`'s.
    """

    user: WhatsAppUser
    thread: Thread
    run: Run
    messages: tuple[Message, ...]
    client: ClientData
    recovered: bool = False

    @classmethod
    def of(
        cls,
        user: WhatsAppUser,
        thread: Thread,
        run: Run,
        messages: Iterable[Message],
        *,
        client: ClientData,
        recovered: bool = False,
    ) -> Self:
        """Put `messages` in order: by the customer's clock within a burst, else by our sequence."""
        ordered = sorted(messages, key=lambda m: (m.provider_at or m.created_at, m.sequence))
        return cls(user, thread, run, tuple(ordered), client, recovered)

    @property
    def message_ids(self) -> list[int]:
        return [message.pk for message in self.messages]

    @property
    def first_message_id(self) -> int:
        """The oldest of the messages: the same however often the turn is run, whatever has come since."""
        return min(self.messages, key=lambda message: message.sequence).pk

    def settle(self, state: InboundState, *, reason: str = "", failures: int = 0) -> None:
        """Move the messages on; the crash that was counted in advance did not happen."""
        Message.objects.filter(pk__in=self.message_ids).update(
            state=state, reason=reason, crashes=F("crashes") - 1, failures=F("failures") + failures
        )
