"""The page that takes a catalogue as CSV."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from conversations.shop.models import Product
from conversations.shop.services.csv_import import ImportReport, catalogue_import
from conversations.shop.services.csv_reading import UnreadableTable
from sessions_app.models import Channel

if TYPE_CHECKING:
    from conversations.admin.shop.product import ProductAdmin

LARGEST_FILE = 5_000_000
MOST_ERRORS_SHOWN = 100


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "The first line names the columns: sku, name, price, description, currency, stock, category."
        ),
    )
    channel = forms.ModelChoiceField(
        Channel.objects.all(), label=_("Channel"), required=False, empty_label=_("All channels")
    )
    currency = forms.RegexField(
        "^[A-Z]{3}$",
        label=_("Currency"),
        initial="USD",
        help_text=_("Of new products, where the file names none."),
        error_messages={"invalid": _("Three capital letters, such as USD or COP.")},
    )
    all_or_nothing = forms.BooleanField(
        label=_("Import nothing when a line is wrong"), required=False, initial=True
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 5 MB."))
        return file


class ImportView:
    """Shows the form; imports; shows what was wrong, or goes back to the list."""

    def __init__(self, product_admin: "ProductAdmin") -> None:
        self._admin = product_admin

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._admin.has_import_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, ImportForm(), None)
        form = ImportForm(request.POST, request.FILES)
        report = _imported(form) if form.is_valid() else None
        if report and report.is_applied:
            self._tell(request, form, report)
            if not report.errors:
                return HttpResponseRedirect(reverse("admin:shop_product_changelist"))
        return self._page(request, form, report)

    def _tell(self, request: HttpRequest, form: ImportForm, report: ImportReport) -> None:
        text = _("Products created: %(created)s, updated: %(updated)s, unchanged: %(unchanged)s.") % {
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
        }
        LogEntry.objects.create(
            user=request.user,  # type: ignore[misc]  # admin_view lets nobody else in
            content_type=ContentType.objects.get_for_model(Product),
            object_repr=str(form.cleaned_data["file"].name)[:200],
            action_flag=CHANGE,
            change_message=str(text),
        )
        self._admin.message_user(request, text, messages.SUCCESS)

    def _page(self, request: HttpRequest, form: ImportForm, report: ImportReport | None) -> HttpResponse:
        context = {
            **self._admin.admin_site.each_context(request),
            "title": _("Import the catalogue"),
            "opts": self._admin.opts,
            "form": form,
            "report": report,
            "errors": report.errors[:MOST_ERRORS_SHOWN] if report else [],
        }
        return TemplateResponse(request, "admin/shop/product/import.html", context)


def _imported(form: ImportForm) -> ImportReport | None:
    options = form.cleaned_data
    try:
        return catalogue_import(
            options["file"].read(),
            channel=options["channel"],
            currency=options["currency"],
            all_or_nothing=options["all_or_nothing"],
        )
    except UnreadableTable as error:
        form.add_error("file", str(error))
        return None
