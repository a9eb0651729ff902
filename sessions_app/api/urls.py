"""Addresses of the sessions' API; a trailing slash is optional."""

from django.urls import re_path

from sessions_app.api.reports import QrBatchView, QrView, StatusBatchView, StatusView
from sessions_app.api.sessions import SessionView, StartView

urlpatterns = [
    re_path(r"^start/?$", StartView.as_view(), name="start"),
    re_path(r"^api/qr/?$", QrView.as_view(), name="api-qr"),
    re_path(r"^api/qr/batch/?$", QrBatchView.as_view(), name="api-qr-batch"),
    re_path(r"^api/whatsapp/status/?$", StatusView.as_view(), name="api-status"),
    re_path(r"^api/whatsapp/status/batch/?$", StatusBatchView.as_view(), name="api-status-batch"),
    re_path(r"^api/sessions/(?P<session_id>[^/]{1,128})/?$", SessionView.as_view(), name="api-session"),
]
