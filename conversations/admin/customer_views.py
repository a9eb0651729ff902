"""What the views behind a customer's page share: who may see and do what, and where it leads."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botsite.admin import ModelAdmin
from conversations.models import WhatsAppUser
from conversations.services import user_lookup


class CustomerViews:
    """Views of customers in `model_admin`, wrapped by it in `admin_view`."""

    def __init__(self, model_admin: ModelAdmin[WhatsAppUser]) -> None:
        self.model_admin = model_admin

    def _user(self, request: HttpRequest, pk: str) -> WhatsAppUser:
        """Return the user of the page; for one that was merged meanwhile, the customer that it became."""
        user = self.model_admin.get_object(request, pk)
        if user is None and pk.isdecimal():
            user = user_lookup.survivor_of(int(pk))
        if user is None:
            raise Http404
        if not self.model_admin.has_view_permission(request, user):
            raise PermissionDenied
        return user

    def _user_to_change(self, request: HttpRequest, pk: int) -> WhatsAppUser:
        user = self._user(request, str(pk))
        if not self.model_admin.has_change_permission(request, user):
            raise PermissionDenied
        return user

    def _done(self, request: HttpRequest, user: WhatsAppUser, logged: str, told: str) -> None:
        self.model_admin.log_change(request, user, logged)
        messages.success(request, told)

    def _back(self, user: WhatsAppUser) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:conversations_whatsappuser_change", args=[user.pk]))
