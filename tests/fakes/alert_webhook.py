"""A fake of what alerts are posted to, such as n8n: it keeps the documents and checks nothing.

POST /alerts                  any JSON
GET  /__control/requests      what came
"""

from dataclasses import dataclass

from tests.fakes.base import FakeRequest, FakeServer, run
from tests.fakes.behaviour import Reply, json_reply


@dataclass(frozen=True)
class AlertWebhookSettings:
    """There is nothing to set."""


class FakeAlertWebhook(FakeServer[AlertWebhookSettings]):
    operations = ("alert",)

    def __init__(self, settings: AlertWebhookSettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or AlertWebhookSettings(), port=port)
        self.taken: list[FakeRequest] = []

    @property
    def address(self) -> str:
        return f"{self.url}/alerts"

    def operation(self, request: FakeRequest) -> str:
        return "alert" if (request.method, request.path) == ("POST", "/alerts") else ""

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        self.taken.append(request)
        return json_reply(200, {"taken": True})

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        return json_reply(status, {"error": message})


if __name__ == "__main__":
    run(lambda port: FakeAlertWebhook(port=port))
