"""What the caller may do: the scope that the view asks for."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from botsite.api.models import ApiKey
from botsite.client_address import client_address
from botsite.telemetry.reports import report_security_event

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which itself loads this module, as the default permission


class HasScope(BasePermission):
    """Lets a key in that has the view's scope for the method; a view that names no scope lets nobody in."""

    message = "The API key lacks the scope for this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        method = str(request.method)
        if method not in view.allowed_methods:
            return True  # answered with 405 whatever the key may do
        required = getattr(view, "required_scopes", {}).get("GET" if method == "HEAD" else method)
        if required in request.auth.scopes:
            return True
        report_security_event(
            "scope_missing", key=request.auth.prefix, scope=required, address=client_address(request)
        )
        return False
