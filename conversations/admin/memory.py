"""What is remembered of a customer, on the customer's page: people add to it and erase of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from conversations.admin.customer_views import CustomerViews
from conversations.admin.forms import EraseForm, FactForm
from conversations.services import memory


class MemoryViews(CustomerViews):
    """Each call is audited in Django's admin log, without the texts."""

    def note(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note a fact."""
        user = self._user_to_change(request, pk)
        form = FactForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("The note was empty or too long: nothing was kept."))
            return self._back(user)
        try:
            fact = memory.fact_note(user, form.cleaned_data["text"])
        except memory.MemoryFull:
            messages.error(request, _("There are too many notes already. Erase one first."))
        else:
            if fact:
                self._done(request, user, f"Noted fact {fact.pk}.", _("The assistant will remember it."))
            else:
                messages.info(request, _("That is remembered already."))
        return self._back(user)

    def erase(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Erase a fact."""
        user = self._user_to_change(request, pk)
        form = EraseForm(request.POST)
        if form.is_valid() and memory.fact_erase(user, form.cleaned_data["fact"]):
            fact = form.cleaned_data["fact"]
            self._done(request, user, f"Erased fact {fact}.", _("Erased. The assistant has forgotten it."))
        return self._back(user)

    def erase_summary(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Erase the summary of what came before."""
        user = self._user_to_change(request, pk)
        if memory.summary_erase(user):
            self._done(request, user, "Erased the summary.", _("Erased. The assistant has forgotten it."))
        return self._back(user)
