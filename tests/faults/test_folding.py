"""The short form of `python -m tests.faults folding`, and its auditor's eye."""

import os

import pytest
from django.db import connection
from django.db.models import F

from conversations.llm.base import Usage
from conversations.models import Run, Thread, UserActivity
from conversations.services import activity, usage
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.faults.folding import kill_and_audit
from tests.faults.folding_processes import audit


@pytest.mark.django_db(transaction=True)
def test_every_run_is_folded_once_whoever_is_killed() -> None:
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"

    verdict = kill_and_audit(database_url=url, kills=25, seed=7)

    assert verdict.wrong == []
    assert verdict.hits > 0, "no kill hit a fold: the run proved nothing"
    assert verdict.runs > 30


@pytest.fixture
def books(db: None) -> Channel:
    """One customer with two runs, of which one is folded."""
    channel = make_channel()
    thread = Thread.objects.create(user=receive(channel, "hola"))
    for tokens in (150, 30):
        run = usage.begin_run(thread, epoch=1)
        usage.complete_run(run, provider="openai", model="m", usage=Usage(input_tokens=tokens))
        Thread.objects.filter(activity_since__isnull=False).update(activity_due_at=F("activity_since"))
        if tokens == 150:
            activity.fold_due(10)
    return channel


def test_books_that_are_right_pass(books: Channel) -> None:
    activity.fold_due(10)

    assert list(audit()) == []


def test_a_run_that_was_left_out_is_found(books: Channel) -> None:
    assert len(list(audit())) == 2  # the thread's total and the user's


def test_a_run_that_was_folded_twice_is_found(books: Channel) -> None:
    activity.fold_due(10)
    Run.objects.filter(input_tokens=150).update(folded_at=None)
    Thread.objects.update(activity_due_at=F("started_at"))
    activity.fold_due(10)

    assert len(list(audit())) == 2


def test_a_user_without_a_row_is_found(books: Channel) -> None:
    activity.fold_due(10)
    UserActivity.objects.all().delete()

    assert len(list(audit())) == 1
