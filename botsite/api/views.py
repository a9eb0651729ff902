"""What every view of the API is."""

import math
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from botsite.api.limits import key_call, key_items, limit_headers, unproven_call
from botsite.api.models import ApiKey, Scope
from botsite.resilience.ratelimit import Admission
from botsite.resilience.retry import database_retry

LANGUAGE = "en"


class ApiView(APIView):
    """A view that only API keys open: `required_scopes` names the scope of each method."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    required_scopes: ClassVar[Mapping[str, Scope]] = {}
    methods_by_item: ClassVar[Collection[str]] = ()
    """Methods whose quota is one of items: they call `count_items` and no call is counted."""
    is_public: ClassVar[bool] = False
    """Open to all; then `permission_classes` says so, and callers count by their address."""
    _admission: Admission | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Machines and their logs read the messages: one language, whatever the caller's Accept-Language.
        with translation.override(LANGUAGE):
            response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Language"] = LANGUAGE
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            super().initial(request, *args, **kwargs)
        except (NotAuthenticated, AuthenticationFailed):
            self._admit(unproven_call(request))
            raise
        if request.method == "GET" and (read := getattr(self, "get", None)):
            vars(self)["get"] = database_retry("api_read")(read)

    def perform_authentication(self, request: Request) -> None:
        database_retry("api_key")(super().perform_authentication)(request)

    def check_throttles(self, request: Request) -> None:
        """Count the call against the quota of its key, wherever it was made; 429 when that is used up."""
        if isinstance(request.auth, ApiKey):
            if request.method not in self.methods_by_item:
                self._admit(key_call(request.auth))
        elif self.is_public:
            self._admit(unproven_call(request))

    def count_items(self, items: int) -> None:
        """Count what a call brings against its key's quota of items; 429 when there is no room for all."""
        self._admit(key_items(self.key, items))

    def _admit(self, admission: Admission) -> None:
        self._admission = admission
        if admission.wait:
            self.throttled(self.request, math.ceil(admission.wait))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Say in every answer that a quota was asked for what is left of it."""
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in limit_headers(self._admission).items() if self._admission else ():
            final[name] = value
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
