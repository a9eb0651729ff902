"""A client of the API: a key in its header, JSON in and out."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.test import Client

from botsite.api.keys import api_key_create
from botsite.api.models import ApiKey, Scope


def make_key(
    *scopes: str, name: str = "", channels: tuple[str, ...] = (), expires_at: datetime | None = None
) -> str:
    """Store a key (every scope when none is named) and return its token.

    Without a name it is of a client of its own: what a client has used up of its quota outlives a test.
    """
    _, token = api_key_create(
        name=name or f"client {uuid.uuid4().hex}",
        scopes=scopes or Scope.values,
        channels=channels,
        expires_at=expires_at,
    )
    return token


def key_of(token: str) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(prefix=token.rpartition("_")[0])


class Api:
    """Calls with one key; `get` and `post` return Django's response."""

    def __init__(self, token: str = "", *, raise_request_exception: bool = True) -> None:
        self._headers = {"X-Api-Key": token} if token else {}
        self._client = Client(raise_request_exception=raise_request_exception)

    def get(self, path: str, **query: str | int) -> Any:
        return self._client.get(path, query, headers=self._headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        """`body` is sent as JSON, or as it is when it is bytes; headers are named with underscores."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(path, body, content_type="application/json", headers=self._headers | names)

    def call(self, method: str, path: str) -> Any:
        return self._client.generic(method, path, headers=self._headers)


def error_code(response: HttpResponseBase) -> str:
    """Return the code of an error answer, having checked the envelope."""
    answer = response.json()  # type: ignore[attr-defined]
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"code", "message", "details"}
    assert answer["error"]["message"]
    assert isinstance(answer["error"]["details"], dict)
    return str(answer["error"]["code"])
