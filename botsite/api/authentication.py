"""Who calls: the API key in `Authorization: Api-Key …` or `X-Api-Key`."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from botsite.api.keys import api_key_find, api_key_touch
from botsite.api.models import ApiKey
from botsite.client_address import client_address
from botsite.telemetry.reports import report_security_event

SCHEME = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the ApiKey. A wrong, revoked or expired key is refused without saying which."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        token = _token(request)
        if not token:
            return None
        key = api_key_find(token)
        if key is None:
            address = client_address(request)
            report_security_event("api_key", address=address, error="unknown, revoked or expired")
            raise AuthenticationFailed("The API key is not valid.")
        api_key_touch(key)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'


def _token(request: Request) -> str:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == SCHEME.lower():
        return credentials.strip()
    return request.headers.get("X-Api-Key", "").strip()
