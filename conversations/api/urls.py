"""Addresses of the conversations' API; a trailing slash is optional."""

from django.urls import re_path

from conversations.api.messages import MessagesView, ReplayView
from conversations.api.update_user import UpdateUserView
from conversations.api.users import PauseView, ResumeView, TranscriptView, UserView

USER = r"^api/users/(?P<name>[^/]+)"

urlpatterns = [
    re_path(r"^api/messages/?$", MessagesView.as_view(), name="api-messages"),
    re_path(
        r"^api/messages/(?P<message_id>[0-9]{1,18})/replay/?$",
        ReplayView.as_view(),
        name="api-message-replay",
    ),
    re_path(r"^update-user/?$", UpdateUserView.as_view(), name="update-user"),
    re_path(rf"{USER}/?$", UserView.as_view(), name="api-user"),
    re_path(rf"{USER}/messages/?$", TranscriptView.as_view(), name="api-user-messages"),
    re_path(rf"{USER}/pause/?$", PauseView.as_view(), name="api-user-pause"),
    re_path(rf"{USER}/resume/?$", ResumeView.as_view(), name="api-user-resume"),
]
