"""Address of the dashboard."""

from django.urls import re_path

from monitoring.dashboard.views import dashboard

urlpatterns = [re_path(r"^dashboard/?$", dashboard, name="dashboard")]
