"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("botsite.api.urls")),
    path("", include("conversations.urls")),
    path("", include("conversations.api.urls")),
    path("", include("sessions_app.api.urls")),
    path("", include("conversations.simulator.urls")),
    path("", include("monitoring.urls")),
]

handler400 = "botsite.api.handlers.bad_request"
handler403 = "botsite.api.handlers.forbidden"
handler404 = "botsite.api.handlers.not_found"
handler500 = "botsite.api.handlers.server_error"
