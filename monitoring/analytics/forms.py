"""What the pages of past days are asked for."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy

from conversations.services import costs
from conversations.services.costs import Span
from conversations.span_form import SpanForm
from sessions_app.models import Channel

USUAL_DAYS = 30


class DaysForm(SpanForm):
    """The days and the channel; without any the last 30 days of all channels."""

    channel = forms.ModelChoiceField(
        Channel.objects.all(),
        required=False,
        label=gettext_lazy("channel"),
        empty_label=gettext_lazy("all channels"),
    )

    def usual_first(self, until: date) -> date:
        return _usual_first(until)


def usual_span() -> Span:
    """Return the last 30 days."""
    last = costs.today().last
    return Span(_usual_first(last), last)


def _usual_first(until: date) -> date:
    return until - timedelta(days=USUAL_DAYS - 1)
