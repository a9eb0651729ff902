"""`GET /metrics`: the whole cluster's figures for Prometheus, the same from every host; and the cache's."""

from typing import cast

from django.conf import settings
from django.http import HttpResponse
from django_prometheus.exports import ExportToDjangoView
from drf_spectacular.types import OpenApiTypes
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from botsite import caching
from botsite.api.authentication import ApiKeyAuthentication
from botsite.api.models import Scope
from botsite.api.permissions import HasScope
from botsite.api.schema import documented
from botsite.api.views import ApiView
from botsite.client_address import client_address
from monitoring.metrics.collector import ClusterCollector
from sessions_app.services.forward_figures import batch_metrics


class FromAllowedNetwork(BasePermission):
    """Lets in whoever calls from one of METRICS_ALLOWED_NETWORKS."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        address = client_address(request)
        return address is not None and any(address in net for net in settings.METRICS_ALLOWED_NETWORKS)


class MetricsView(ApiView):
    """Open to keys with the scope metrics:read, to the allowed networks and to staff who are logged in."""

    http_method_names = ["get", "head"]
    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [HasScope | FromAllowedNetwork | IsAdminUser]
    required_scopes = {"GET": Scope.METRICS_READ}

    @documented(answers={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """The whole cluster's figures for Prometheus."""
        return HttpResponse(generate_latest(ClusterCollector()), content_type=CONTENT_TYPE_LATEST)


class HostMetricsView(MetricsView):
    """`GET /metrics/host`: what django-prometheus counted in all processes of this host."""

    @documented(answers={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """This host's figures for Prometheus: requests, statements, look-ups of sessions."""
        return cast("HttpResponse", ExportToDjangoView(request))


class CacheMetricsView(MetricsView):
    """`GET /metrics/cache`: hits and misses by layer, and what is stored where."""

    @documented(answers={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """The cache's figures."""
        return Response(caching.stats())


class BatchMetricsView(MetricsView):
    """`GET /metrics/batch`: what waits for Laravel and when it last took a batch."""

    @documented(answers={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """The figures of forwarding to Laravel."""
        body = batch_metrics()
        return Response({**body, "metrics": body})
