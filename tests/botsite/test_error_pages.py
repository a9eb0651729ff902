"""What somebody sees at an address that is not there, one that is not for them, and one that failed."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.staff import signed_in


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Not found"), ("es", "No encontrada")])
@pytest.mark.parametrize("path", ["/nothing", "/admin/nothing/"])
def test_an_unknown_address_is_answered_in_the_readers_language(path: str, language: str, words: str) -> None:
    answer = signed_in(language=language).get(path)

    assert answer.status_code == 404
    assert f"<h1>{words}</h1>" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/dashboard/", 403)])
def test_who_is_signed_in_keeps_the_menu(path: str, status: int) -> None:
    answer = signed_in("conversations.view_whatsappuser").get(path)

    assert answer.status_code == status
    assert f'href="{reverse("simulator")}"' in answer.content.decode()
    assert 'id="logout-form"' in answer.content.decode()


@pytest.mark.django_db
def test_a_stranger_learns_nothing_of_the_menu() -> None:
    answer = Client().get("/nothing")

    assert answer.status_code == 404
    assert reverse("simulator") not in answer.content.decode()


def test_the_page_of_a_failure_needs_no_database() -> None:
    with translation.override("es"):
        assert "Algo salió mal" in render_to_string("500.html")
