"""What the fakes of gateways of linked phones share: operations by method and path, and what was sent."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Generic, TypeVar

from tests.fakes.base import FakeRequest, FakeServer, SettingsT

SentT = TypeVar("SentT")
Paths = Mapping[str, tuple[str, re.Pattern[str]]]
"""The method and the path of each operation; a group `name` is the session's."""


class FakeGatewayServer(FakeServer[SettingsT], Generic[SettingsT, SentT]):
    """A server with `paths`; `sent` are the messages that it accepted, shown at GET /__control/sent."""

    paths: ClassVar[Paths]

    def __init__(self, settings: SettingsT, *, port: int = 0) -> None:
        super().__init__(settings, port=port)
        self.sent: list[SentT] = []

    def asked(self) -> list[str]:
        """The operations that were asked for, in order."""
        with self.changed:
            return [record.operation for record in self.requests]

    def keep_sent(self, sent: SentT) -> None:
        with self.changed:
            self.sent.append(sent)
            self.changed.notify_all()

    def reset(self) -> None:
        super().reset()
        with self.changed:
            self.sent.clear()

    def views(self) -> dict[str, Callable[[], object]]:
        return {"sent": lambda: [asdict(sent) for sent in self.sent]}  # type: ignore[call-overload]

    def operation(self, request: FakeRequest) -> str:
        return next((name for name in self.paths if self._match(name, request)), "")

    def named(self, operation: str, request: FakeRequest) -> str:
        """Return the session that the path names; '' when it names none."""
        match = self._match(operation, request)
        return match.groupdict().get("name", "") if match else ""

    def _match(self, operation: str, request: FakeRequest) -> Any:
        method, path = self.paths[operation]
        return path.fullmatch(request.path) if request.method == method else None
