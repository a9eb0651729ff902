"""What was there before a migration is counted after it, once."""

from importlib import import_module

from django.db import connection

from conversations.models import Run, Thread, UserActivity
from conversations.services import activity
from sessions_app.models import Channel
from tests.conversations.builders import receive


def test_runs_from_before_the_fold_are_in_the_totals(channel: Channel) -> None:
    user = receive(channel, "hola")
    thread = Thread.objects.create(user=user, token_count=777, activity_due_at=user.created_at)
    Run.objects.create(
        thread=thread,
        epoch=1,
        state="completed",
        input_tokens=30,
        output_tokens=10,
        finished_at=user.created_at,
    )
    Run.objects.create(thread=thread, epoch=2)
    Thread.objects.create(user=receive(channel, "hola", sender="573000000002"))

    with connection.cursor() as cursor:
        cursor.execute(import_module("conversations.migrations.0008_activity").COUNT_WHAT_THERE_IS)

    row = UserActivity.objects.get()
    assert (row.thread, row.thread_token_count, row.last_activity_at) == (thread, 40, user.created_at)
    assert list(Run.objects.order_by("epoch").values_list("folded_at", flat=True)) == [user.created_at, None]
    assert activity.fold_due(10) == 1
    assert list(Thread.objects.order_by("pk").values_list("token_count", flat=True)) == [40, 0]
