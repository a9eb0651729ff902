"""Addresses of the pages of past days."""

from django.urls import re_path

from monitoring.analytics.views import sessions, sessions_csv

urlpatterns = [
    re_path(r"^dashboard/sessions/?$", sessions, name="dashboard-sessions"),
    re_path(r"^dashboard/sessions\.csv$", sessions_csv, name="dashboard-sessions-csv"),
]
