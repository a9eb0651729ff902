"""Addresses of the simulator."""

from django.urls import re_path

from conversations.simulator import views

urlpatterns = [
    re_path(r"^simulator/?$", views.page, name="simulator"),
    re_path(r"^simulator/messages/?$", views.MessagesView.as_view(), name="simulator-messages"),
]
