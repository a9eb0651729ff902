"""The form of a channel: a base URL that is typed here must be public, and a token must be meant for it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from botsite.resilience.addresses import check_outside_url
from sessions_app.models import Channel

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Channel]
else:
    ModelForm = forms.ModelForm

REFUSALS = {
    "url": _("This is not a URL."),
    "scheme": _("The URL has to begin with https://."),
    "userinfo": _("A URL with a user name in it is not accepted."),
    "parts": _("A base URL has no ? and no #."),
    "host": _("This is not a host name."),
    "number": _("A host that looks like a number is not accepted."),
    "private": _("This address is not public; whoever runs the site can allow it (ALLOWED_PRIVATE_HOSTS)."),
}


class ChannelForm(ModelForm):
    """Whoever sets the base URL chooses where the access token goes: changing it asks for the token anew."""

    def clean_base_url(self) -> str:
        url = str(self.cleaned_data["base_url"]).rstrip("/")
        if not url or url == self.instance.base_url:
            return url
        try:
            check_outside_url(url)
        except ValueError as error:
            raise ValidationError(REFUSALS[str(error)], code=str(error)) from None
        return url

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self._is_new_address() and self.instance.access_token and not self.cleaned_data["access_token"]:
            self.add_error(
                "access_token",
                _("Enter the access token for the new base URL: the one kept is not sent there."),
            )
        return cleaned

    def save(self, commit: bool = True) -> Channel:
        if self._is_new_address():
            self.instance.base_url_guarded = True
        return super().save(commit)

    def _is_new_address(self) -> bool:
        """Whether a base URL was typed; an emptied one means the provider's own."""
        return "base_url" in self.changed_data and bool(self.cleaned_data.get("base_url"))
