"""Links to the rows behind a number, for those who may see them."""

from urllib.parse import urlencode, urlsplit

from django.contrib.auth.models import AnonymousUser, User
from django.urls import resolve, reverse


class Links:
    """What one reader may follow; an empty address: this one has to do with the number."""

    def __init__(self, user: User | AnonymousUser) -> None:
        self._user = user

    def rows(self, model: str, **filters: object) -> str:
        """Return the admin's list of "app.model", filtered, for who may view it."""
        app, name = model.split(".")
        return self.page(f"{app}.view_{name}", f"admin:{app}_{name}_changelist", **filters)

    def page(self, permission: str, name: str, **query: object) -> str:
        """Return the address of that name for who has the permission."""
        if not self._user.has_perm(permission):
            return ""
        return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)

    def listed(self, url: str | None) -> str:
        """Return the address of an admin's list for who may view its model; "" for None."""
        if not url:
            return ""
        opts = resolve(urlsplit(url).path).func.model_admin.opts  # type: ignore[attr-defined]  # Django's
        return url if self._user.has_perm(f"{opts.app_label}.view_{opts.model_name}") else ""
