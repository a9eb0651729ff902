"""Addresses of the monitoring: health, and the managers' dashboard."""

from django.urls import include, path, re_path

from monitoring.health import views as health
from monitoring.metrics.views import BatchMetricsView, CacheMetricsView, HostMetricsView, MetricsView

urlpatterns = [
    re_path(r"^health/live/?$", health.live, name="health-live"),
    re_path(r"^health/ready/?$", health.ready, name="health-ready"),
    re_path(r"^metrics/?$", MetricsView.as_view(), name="metrics"),
    re_path(r"^metrics/batch/?$", BatchMetricsView.as_view(), name="metrics-batch"),
    re_path(r"^metrics/host/?$", HostMetricsView.as_view(), name="metrics-host"),
    re_path(r"^metrics/cache/?$", CacheMetricsView.as_view(), name="metrics-cache"),
    path("", include("monitoring.analytics.urls")),
    path("", include("monitoring.dashboard.urls")),
]
