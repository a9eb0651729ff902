"""Which days a page shows: what the pages of costs and of past days are asked for."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.services import costs
from conversations.services.costs import Span

LONGEST_DAYS = 366


class _DateInput(forms.DateInput):
    input_type = "date"


class SpanForm(forms.Form):
    """The first and the last day, `span` when they are cleaned; without any this month until today."""

    since = forms.DateField(required=False, label=gettext_lazy("from"), widget=_DateInput(format="%Y-%m-%d"))
    until = forms.DateField(required=False, label=gettext_lazy("until"), widget=_DateInput(format="%Y-%m-%d"))

    def usual_first(self, until: date) -> date:
        """Return the first day where only the last one is known."""
        return until.replace(day=1)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        until: date = values.get("until") or costs.today().last
        since: date = values.get("since") or self.usual_first(until)
        if until < since:
            raise forms.ValidationError(_("The last day is before the first."))
        if (until - since).days >= LONGEST_DAYS:
            raise forms.ValidationError(
                _("At most %(days)d days are shown at once.") % {"days": LONGEST_DAYS}
            )
        return values | {"span": Span(since, until)}
