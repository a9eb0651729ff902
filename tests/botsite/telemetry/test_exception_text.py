"""Exceptions in the log: the way they took, and nothing of what they failed on."""

import errno

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from botsite.telemetry.exception_text import describe, render
from sessions_app.providers.errors import PermanentError


def caught(error: Exception) -> Exception:
    secret_local = "private local"
    try:
        raise error
    except Exception as raised:
        assert secret_local
        return raised


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("hola"), "ValueError"),
        (KeyError("hola"), "KeyError"),
        (OSError(errno.ENOSPC, "No space left on device", "/data/hola"), "OSError: No space left on device"),
        (NameError("name 'x' is not defined"), "NameError: name 'x' is not defined"),
        (PermanentError("131026", "hola"), "PermanentError: code=131026"),
        (PermanentError("what the provider wrote", "hola"), "PermanentError"),
    ],
)
def test_only_what_cannot_be_private_is_said(error: Exception, said: str) -> None:
    assert describe(error) == said


def test_the_places_show_and_the_locals_do_not() -> None:
    text = render(caught(ValueError("hola")))

    assert "in caught" in text
    assert "raise error" in text
    assert text.endswith("ValueError")
    assert "private local" not in text.replace('secret_local = "private local"', "")


def test_causes_come_first_and_a_circle_ends() -> None:
    cause, effect = caught(KeyError("a")), caught(ValueError("b"))
    effect.__cause__, cause.__context__ = cause, effect

    text = render(effect)

    assert text.index("KeyError") < text.index("led to") < text.index("ValueError")


@pytest.mark.django_db
def test_a_broken_rule_of_the_database_is_named_without_the_row() -> None:
    name = "".join(("Cana", "ria"))  # lines of code do show
    User.objects.create(username=name)
    with pytest.raises(IntegrityError, match=name) as raised:
        User.objects.create(username=name)

    text = render(raised.value)
    assert "pgcode=23505" in text
    assert "constraint_name=auth_user_username_key" in text
    assert name not in text
