"""Fixtures of the services' tests."""

from collections.abc import Iterator

import pytest

from botsite.caching import process
from tests.conversations.services.books_process import BooksProcess
from tests.processes import database_url_of_tests


@pytest.fixture(scope="session")
def test_database(django_db_setup: None) -> str:
    """The address of the tests' database, for other processes."""
    return database_url_of_tests()


@pytest.fixture(scope="module")
def books(test_database: str) -> Iterator[BooksProcess]:
    """Another process that knows prices and budgets."""
    with BooksProcess(database=test_database) as process:
        yield process


@pytest.fixture
def heard(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is in use throughout, also when the machine is too busy for its signs of life."""
    monkeypatch.setattr(process.listener, "hears", lambda: True)
