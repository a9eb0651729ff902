"""Addresses of the conversations: the webhooks of every provider."""

from django.urls import re_path

from conversations.webhooks import webhook

urlpatterns = [
    re_path(r"^webhook/(?P<slug>[^/]+)(?:/(?P<path_secret>[^/]+))?/?$", webhook, name="webhook"),
]
