"""The webhooks in the API's description."""

from typing import Any

from botsite.api.schema import error_answers

_SLUG = {"name": "slug", "in": "path", "required": True, "schema": {"type": "string"}}
_SECRET = _SLUG | {"name": "secret"}
_TEXT = {"schema": {"type": "string"}}
_COUNTS = {
    "type": "object",
    "properties": {name: {"type": "integer"} for name in ("accepted", "duplicates", "ignored")},
    "required": ["accepted", "duplicates", "ignored"],
}


def add_webhooks(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """drf-spectacular's post-processing hook."""
    for path, parameters, name in (
        ("/webhook/{slug}", [_SLUG], "webhook"),
        ("/webhook/{slug}/{secret}", [_SLUG, _SECRET], "webhook_with_secret"),
    ):
        result["paths"][path] = {
            "get": {
                "operationId": f"{name}_handshake",
                "tags": ["webhook"],
                "description": "Meta's handshake: the challenge, when the verify token is the channel's.",
                "security": [],
                "parameters": [
                    *parameters,
                    *(
                        {"name": f"hub.{word}", "in": "query", **_TEXT}
                        for word in ("mode", "verify_token", "challenge")
                    ),
                ],
                "responses": {
                    "200": {"description": "The challenge.", "content": {"text/plain": _TEXT}},
                    **error_answers(400, 403, 404, 429, 503),
                },
            },
            "post": {
                "operationId": f"{name}_receive",
                "tags": ["webhook"],
                "description": "What a provider tells, signed in the provider's way. 200 means: stored.",
                "security": [],
                "parameters": parameters,
                "requestBody": {"content": {"application/json": {"schema": {}}}, "required": True},
                "responses": {
                    "200": {
                        "description": "All of it is stored.",
                        "content": {"application/json": {"schema": _COUNTS}},
                    },
                    **error_answers(400, 401, 404, 411, 413, 429, 503),
                },
            },
        }
    return result
