"""A customer's right to their data, on the customer's page: erase everything, download everything."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from conversations.admin.customer_views import CustomerViews
from conversations.models import Erasure, WhatsAppUser
from conversations.services.erasing import AlreadyErased, user_erase
from conversations.services.exporting import user_export

ERASE = "conversations.erase_whatsappuser"
EXPORT = "conversations.export_whatsappuser"


class PersonalDataViews(CustomerViews):
    """Both need a permission of their own; both stand in Django's admin log, without the person's name."""

    def erase(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether it is meant, then erase the customer in every store."""
        user = self._allowed(request, pk, ERASE)
        if request.method != "POST":
            context = {
                **self.model_admin.admin_site.each_context(request),
                "title": _("Erase this customer?"),
                "opts": self.model_admin.opts,
                "customer": user,
            }
            return TemplateResponse(request, "admin/conversations/whatsappuser/erase.html", context)
        try:
            erasure = user_erase(user.pk, requested_by=request.user.get_username())
        except AlreadyErased:
            messages.info(request, _("This customer was erased before."))
        else:
            self._audit(request, erasure)
            messages.success(request, _("The customer was erased everywhere."))
        return HttpResponseRedirect(reverse("admin:conversations_whatsappuser_changelist"))

    def export(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send all that is stored of the customer as a file, while it is read."""
        user = self._allowed(request, pk, EXPORT)
        self.model_admin.log_change(request, user, "Downloaded all data.")
        return StreamingHttpResponse(
            user_export(user),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="customer-{user.pk}.json"'},
        )

    def _allowed(self, request: HttpRequest, pk: int, permission: str) -> WhatsAppUser:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return self._user(request, str(pk))

    def _audit(self, request: HttpRequest, erasure: Erasure) -> None:
        gone = WhatsAppUser(pk=erasure.user_pk)  # shown as its number: there is no name any more
        self.model_admin.log_change(request, gone, "Erased the customer.")
