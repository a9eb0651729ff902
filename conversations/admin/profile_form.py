"""The form in which staff write the next version of an assistant's profile."""

from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from conversations.llm.opening_hours import (
    DAYS,
    Interval,
    format_intervals,
    parse_intervals,
    week_from_json,
    week_to_json,
)
from conversations.models import AssistantProfile, ProfileVersion
from conversations.services.assistant_profiles import newest_version

if TYPE_CHECKING:
    BaseForm = forms.ModelForm[AssistantProfile]
else:
    BaseForm = forms.ModelForm

REGIONS = ("America/", "Atlantic/", "Europe/", "Pacific/", "UTC")
_FIELDS = forms.fields_for_model(
    ProfileVersion,
    fields=("instructions", "tone", "language", "timezone", "holidays", "comment"),
    widgets={"instructions": forms.Textarea(attrs={"rows": 14, "cols": 80})},
)


@cache
def _zones() -> list[tuple[str, str]]:
    names = sorted(name for name in available_timezones() if name.startswith(REGIONS))
    return [(name, name.replace("_", " ")) for name in names]


class DayField(forms.CharField):
    """A day's opening hours as text; cleaned, they are intervals."""

    def __init__(self, day: int) -> None:
        super().__init__(label=capfirst(WEEKDAYS[day]), required=False, max_length=100)
        self.widget.attrs["placeholder"] = _("closed")

    def clean(self, value: Any) -> Any:
        try:
            return parse_intervals(super().clean(value))
        except ValueError as error:
            raise ValidationError(
                _("“%(part)s” is no opening time that fits here. Write 09:00–13:00, 15:00–19:00."),
                params={"part": str(error)},
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return format_intervals(parse_intervals(data or "")) != (initial or "")
        except ValueError:
            return True


class ProfileForm(BaseForm):
    """The newest version's content, to be saved as the next one.

    `based_on` is the number of the version that the page showed: nobody overwrites what they have not seen.
    """

    instructions = _FIELDS["instructions"]
    tone = _FIELDS["tone"]
    language = _FIELDS["language"]
    mon, tue, wed, thu, fri, sat, sun = map(DayField, range(7))
    timezone = forms.ChoiceField(label=_FIELDS["timezone"].label, choices=_zones)
    holidays = _FIELDS["holidays"]
    comment = _FIELDS["comment"]
    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = AssistantProfile
        fields = ("channel",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = newest_version(self.instance) if self.instance.pk else None
        self.newest_number = newest.number if newest else None
        self.initial.update(_initial(newest or ProfileVersion()), based_on=self.newest_number)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.cleaned_data.get("based_on") != self.newest_number:
            self.add_error(
                None,
                _("Somebody has saved another version meanwhile. Open this page anew in another window."),
            )
        return cleaned

    def content(self) -> dict[str, Any]:
        """Return the cleaned fields of a version."""
        week: list[tuple[Interval, ...]] = [self.cleaned_data[day] for day in DAYS]
        plain = ("instructions", "tone", "language", "timezone", "holidays")
        content = {name: self.cleaned_data[name] for name in plain}
        content["instructions"] = content["instructions"].replace("\r\n", "\n")  # browsers send it so
        return {"week": week_to_json(week), **content}


def _initial(version: ProfileVersion) -> dict[str, Any]:
    days = zip(DAYS, map(format_intervals, week_from_json(version.week)), strict=True)
    names = ("instructions", "tone", "language", "timezone", "holidays")
    return {**{name: getattr(version, name) for name in names}, **dict(days)}
