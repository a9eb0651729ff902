"""The health pages in the API's description."""

from typing import Any

from botsite.api.schema import error_answers

_CHECK = {
    "type": "object",
    "properties": {"status": {"type": "string"}, "latencyMs": {"type": "number", "nullable": True}},
    "required": ["status"],
}
_REPORT = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["up", "degraded", "down"]},
        "checks": {"type": "object", "additionalProperties": _CHECK},
    },
    "required": ["status", "checks"],
}


def add_health(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """drf-spectacular's post-processing hook."""
    for name, about, statuses in (
        ("live", "200 while the process answers.", {"200": "It does."}),
        (
            "ready",
            "200 when messages can be stored.",
            {"200": "They can, if perhaps not everything else.", "503": "They cannot."},
        ),
    ):
        answers = {
            status: {"description": text, "content": {"application/json": {"schema": _REPORT}}}
            for status, text in statuses.items()
        }
        result["paths"][f"/health/{name}"] = {
            "get": {
                "operationId": f"health_{name}",
                "tags": ["health"],
                "description": about,
                "security": [],
                "responses": {**answers, **error_answers(400)},
            }
        }
    return result
