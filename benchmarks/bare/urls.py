"""The floor's addresses, the same as the product's."""

from django.urls import path

from benchmarks.bare.devices import batch
from benchmarks.bare.views import webhook

urlpatterns = [
    path("webhook/<slug>", webhook),
    path("api/qr/batch", batch),
    path("api/whatsapp/status/batch", batch),
]
