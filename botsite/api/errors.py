"""The one shape of an error: {"error": {"code", "message", "details"}}."""

from typing import Any

from rest_framework.exceptions import APIException


class ApiError(APIException):
    """An error answer with a machine word of our own; `retry_after` is in seconds."""

    def __init__(
        self,
        status_code: int,
        code: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, code)
        self.status_code = status_code
        self.details = details or {}
        self.wait = retry_after  # the name under which DRF looks for Retry-After


def envelope(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": details or {}}}
