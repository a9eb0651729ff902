"""Addresses of the dashboard's pages."""

from django.urls import re_path

from monitoring.dashboard.health import health
from monitoring.dashboard.views import alert_acknowledge, dashboard, dashboard_live

urlpatterns = [
    re_path(r"^dashboard/?$", dashboard, name="dashboard"),
    re_path(r"^dashboard/live/?$", dashboard_live, name="dashboard-live"),
    re_path(r"^dashboard/health/?$", health, name="dashboard-health"),
    re_path(
        r"^dashboard/alerts/(?P<alert_id>[0-9]{1,18})/acknowledge/?$",
        alert_acknowledge,
        name="dashboard-acknowledge",
    ),
]
