"""The floor's one address, the same as the product's."""

from django.urls import path

from benchmarks.bare.views import webhook

urlpatterns = [path("webhook/<slug>", webhook)]
