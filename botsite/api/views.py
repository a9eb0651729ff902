"""What every view of the API is."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from botsite.api.errors import ApiError
from botsite.api.models import ApiKey, Scope
from botsite.resilience.ratelimit import Admission, Quota, admit
from botsite.resilience.retry import database_retry

LANGUAGE = "en"


class ApiView(APIView):
    """A view that only API keys open: `required_scopes` names the scope of each method."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    required_scopes: ClassVar[Mapping[str, Scope]] = {}
    _admission: Admission | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Machines and their logs read the messages: one language, whatever the caller's Accept-Language.
        with translation.override(LANGUAGE):
            response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Language"] = LANGUAGE
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
            raise ApiError(411, "length_required", "Send the body with a Content-Length.")
        if request.method == "GET" and (read := getattr(self, "get", None)):
            vars(self)["get"] = database_retry("api_read")(read)

    def perform_authentication(self, request: Request) -> None:
        database_retry("api_key")(super().perform_authentication)(request)

    def check_throttles(self, request: Request) -> None:
        """Count the call against the quota of its key, wherever it was made; 429 when that is used up."""
        if isinstance(request.auth, ApiKey):
            quota = Quota("api_key", settings.API_CALLS_PER_MINUTE, 60)
            self._admission = admit(quota, str(request.auth.pk))
            if self._admission.wait:
                self.throttled(request, math.ceil(self._admission.wait))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Say in every answer to a key what is left of its quota; Reset is in seconds."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if self._admission:
            final["X-RateLimit-Limit"] = str(settings.API_CALLS_PER_MINUTE)
            final["X-RateLimit-Remaining"] = str(self._admission.remaining)
            final["X-RateLimit-Reset"] = str(math.ceil(self._admission.reset))
        return final

    @property
    def key(self) -> ApiKey:
        """The caller's key: the permission has seen to it that there is one."""
        return cast("ApiKey", self.request.auth)

    def query(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the query's parameters by `shape`; 422 when they do not fit."""
        return _validated(shape(data=self.request.query_params))

    def body(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the body's values by `shape`; 422 when they do not fit."""
        return _validated(shape(data=self.request.data))


def _validated(serializer: Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)
