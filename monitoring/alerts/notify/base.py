"""What is told at once to one target, and how telling fails."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.models import Notification, NotificationTarget

SECONDS = 10.0
"""The longest a call may take."""


class NotTold(Exception):
    """It did not get there. `code` is one machine word; `is_final`: trying again is no use."""

    def __init__(self, code: str, *, is_final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Batch:
    """Notices that go out together, the worst first. `id` is the same at every attempt."""

    id: uuid.UUID
    target: NotificationTarget
    notices: Sequence[Notification]
