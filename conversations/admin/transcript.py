"""The conversation of a customer as chat bubbles, and a person's way to take it over."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from conversations.admin.customer_views import CustomerViews
from conversations.admin.forms import LONGEST_REPLY, FeedForm, PageForm, ReplyForm
from conversations.bubbles import Side, rendered
from conversations.llm.prompt_parts import FACT_CHARACTERS
from conversations.models import Thread
from conversations.services import memory, takeover, transcript

POLL_MS = 3000


class TranscriptViews(CustomerViews):
    """The page, what its script asks for, and taking over."""

    def page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The latest messages, or with `?before=` the page of older ones, beside the customer's facts."""
        user = self._user(request, pk)
        if str(user.pk) != pk:
            return self._back(user)
        form = PageForm(request.GET)
        before = form.cleaned_data["before"] if form.is_valid() else None
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": str(user),
            "opts": self.model_admin.opts,
            "customer": user,
            "page": transcript.page(user, before=before),
            "merges": user.merges.count(),
            "thread": Thread.objects.filter(user=user, closed_at=None).first(),
            "facts": memory.kept_facts(user),
            "longest_fact": FACT_CHARACTERS,
            "may_take_over": self.model_admin.has_change_permission(request, user),
            "longest_reply": LONGEST_REPLY,
            "poll_ms": POLL_MS,
        }
        return TemplateResponse(request, "admin/conversations/whatsappuser/transcript.html", context)

    def feed(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is new or may have changed since `?after=`, for the page's script.

        It is sent to the page, and loads it anew, when that message is not there any more: after a merge the
        history has new numbers.
        """
        user = self._user(request, str(pk))
        form = FeedForm(request.GET)
        after = form.cleaned_data["after"] if form.is_valid() else None
        news = transcript.since(user, after=after or 0)
        if user.pk != pk or (after and all(message.sequence != after for message in news)):
            return self._back(user)
        return JsonResponse({"items": rendered(news, side=Side.STAFF)})

    def reply(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send what a person wrote, and leave the conversation to people from now on."""
        user = self._user_to_change(request, pk)
        form = ReplyForm(request.POST)
        if form.is_valid():
            takeover.reply(
                user,
                form.cleaned_data["text"],
                staff=request.user.get_username(),
                seen=form.cleaned_data["seen"],
            )
            self._done(request, user, "Replied.", _("Your reply is on its way. The assistant is paused."))
        else:
            messages.error(request, _("The reply was empty or too long: nothing was sent."))
        return self._back(user)

    def pause(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop answering this customer."""
        user = self._user_to_change(request, pk)
        takeover.pause(user)
        self._done(
            request,
            user,
            logged="Paused the assistant.",
            told=_("The assistant is paused for this customer."),
        )
        return self._back(user)

    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer this customer again."""
        user = self._user_to_change(request, pk)
        takeover.resume(user)
        self._done(
            request,
            user,
            logged="Resumed the assistant.",
            told=_("The assistant answers this customer again."),
        )
        return self._back(user)
