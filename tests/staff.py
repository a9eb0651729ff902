"""Members of staff for the tests of pages, with the permissions that a test gives them."""

from django.contrib.auth.models import Permission, User
from django.test import Client


def signed_in(*permissions: str, language: str = "en", name: str = "staff") -> Client:
    """A client signed in as a member of staff with just these permissions ("app.codename")."""
    user = User.objects.create_user(name, is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return _client(user, language)


def administrator(*, language: str = "en") -> Client:
    """A client signed in as somebody who may do everything."""
    return _client(User.objects.create_superuser("administrator"), language)


def _client(user: User, language: str) -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client
