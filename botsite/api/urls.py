"""Addresses of the API's own description."""

from django.urls import re_path

from botsite.api.schema_views import SchemaView, docs

urlpatterns = [
    re_path(r"^api/schema/?$", SchemaView.as_view(), name="api-schema"),
    re_path(r"^api/docs/?$", docs, name="api-docs"),
]
