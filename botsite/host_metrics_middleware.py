"""django-prometheus's middleware with labels that strangers cannot multiply."""

from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware


class HostMetricsMiddleware(PrometheusAfterMiddleware):  # type: ignore[misc]  # it is not typed
    """The innermost. Its histogram of durations took any method that a client makes up for a new series."""

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: str) -> Any:
        if "method" in labels:
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)
