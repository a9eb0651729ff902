"""`/api/schema`, the API's description for programs, and `/api/docs`, its page for people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api.schema import documented, openapi
from botsite.api.views import ApiView


class SchemaView(ApiView):
    http_method_names = ["get", "head"]
    permission_classes = [AllowAny]
    is_public = True

    @documented(answers={200: OpenApiTypes.OBJECT}, errors=(401,), is_public=True)
    def get(self, request: Request) -> Response:
        """This description."""
        return Response(openapi())


@csrf_exempt  # another method is told that it is one, not that it forged something
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The description as a page on which calls can be tried out."""
    return render(request, "api/docs.html")
