"""A form field for secrets: never shown, kept when left empty, removed on request."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict


class SecretInput(forms.PasswordInput):
    """A password input that says whether there is a value, with a box to tick for removing it."""

    template_name = "sessions_app/secret_input.html"  # form templates are found in apps only

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "new-password"}, render_value=False)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return context | {"is_set": bool(value), "remove_name": self._remove_name(name)}

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> str | None:
        """Return what was typed, "" for a secret to remove, None for one to keep."""
        if data.get(self._remove_name(name)):
            return ""
        return data.get(name) or None

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> bool:
        # Django leaves the instance's value alone when it counts as omitted.
        return self.value_from_datadict(data, files, name) is None

    def _remove_name(self, name: str) -> str:
        return f"{name}-remove"


class SecretField(forms.CharField):
    """The form field of an EncryptedTextField."""

    widget = SecretInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is not None and super().has_changed(initial, data)
