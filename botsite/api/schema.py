"""The API's description for programs (OpenAPI 3): what a view takes, answers and refuses.

    @documented(body=MessageBody, answers={202: AcceptedAnswer}, errors=(409,))
    def post(self, request): …

The errors that any call may meet stand here, once.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from botsite.api.views import ApiView

ERRORS = {
    400: "The request cannot be read: it is not JSON, or not complete.",
    401: "There is no API key, or not a valid one.",
    403: "The key lacks the scope, or is not for this channel.",
    404: "It does not exist, or not for this key.",
    409: "It contradicts what there is; `code` says how.",
    411: "The body came without its Content-Length.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "Values are missing or not valid; `details` says which.",
    429: "A quota is used up: come back after Retry-After seconds.",
    503: "Something that this needs is out of order: come back after Retry-After seconds.",
}
FOR_ALL, FOR_KEYS, FOR_BODIES = (400, 411, 429, 503), (401, 403), (413, 415, 422)

View = TypeVar("View", bound=Callable[..., Any])


class ErrorBody(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="A machine's word for it; it stays the same.")
    message = serializers.CharField(help_text="For a person; it may change.")
    details = serializers.DictField(help_text="More about it, by the field that it is about.")


class ErrorAnswer(serializers.Serializer[Any]):
    error = ErrorBody()


def documented(
    *,
    answers: Mapping[Any, Any],
    errors: Collection[int] = (),
    query: type[serializers.Serializer[Any]] | None = None,
    body: Any = None,
    parameters: Iterable[OpenApiParameter] = (),
    is_public: bool = False,
) -> Callable[[View], View]:
    """Describe a method of an ApiView; its docstring is the description.

    `answers` by status, or (status, media type); `errors` are those beside the ones that any call may meet.
    """
    statuses = {*FOR_ALL, *errors}
    statuses |= set() if is_public else set(FOR_KEYS)
    statuses |= set(FOR_BODIES) if body else set()
    statuses |= {422} if query else set()
    refusals = {status: OpenApiResponse(ErrorAnswer, ERRORS[status]) for status in sorted(statuses)}
    return extend_schema(
        parameters=[*parameters, *([query] if query else []), *_RESPONSE_HEADERS],
        request=body,
        responses={**answers, **refusals},
        auth=[] if is_public else None,
    )


def _answer_header(name: str, about: str, statuses: list[int] | bool = True) -> OpenApiParameter:
    return OpenApiParameter(name, int, OpenApiParameter.HEADER, description=about, response=statuses)


_RESPONSE_HEADERS = (
    _answer_header("X-RateLimit-Limit", "The quota."),
    _answer_header("X-RateLimit-Remaining", "What is left of it now."),
    _answer_header("X-RateLimit-Reset", "Seconds until there is more."),
    _answer_header("Retry-After", "Seconds to wait.", [429, 503]),
)


class ApiSchema(AutoSchema):
    """Names the scope that a call needs."""

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        about: str = super().get_description()
        scope = getattr(self.view, "required_scopes", {}).get(self.method)
        return f"{about}\n\nScope: `{scope}`." if scope else about


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Both headers that a key may come in."""

    target_class = "botsite.api.authentication.ApiKeyAuthentication"
    name = ["apiKey", "authorization"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, str]]:
        return [
            {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The key."},
            {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Api-Key`, a space, and the key.",
            },
        ]


def api_endpoints(endpoints: Iterable[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """drf-spectacular's pre-processing hook: the API's own views, without the optional slash at the end."""
    return [
        (path.rstrip("/"), regex, method, callback)
        for path, regex, method, callback in endpoints
        if issubclass(callback.cls, ApiView)
    ]


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """Return the description of everything there is; it is made once in a process."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def error_answers(*statuses: int) -> dict[str, Any]:
    """Return the error answers of a path that a hook adds, in OpenAPI's own words."""
    reference = {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}
    return {
        str(status): {"description": ERRORS[status], "content": {"application/json": reference}}
        for status in statuses
    }
