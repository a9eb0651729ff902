"""The process that forks those who fold and those who commit, kills the former, and audits the books.

It wants Django set up before it is imported; folding.py starts it.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from django.db import connection, transaction

from conversations.llm.base import Usage
from conversations.models import Run, UserActivity, WhatsAppUser
from conversations.services import activity, summaries, usage
from conversations.services.threads import open_thread
from sessions_app.models import Channel
from tests.faults.folding import Verdict

APPLICATION = "folding"
FOLDERS, COMMITTERS, USERS = 2, 2, 60
LIFE_SECONDS = (0.005, 0.12)
NEW_THREAD = 0.03
"""How often a commit begins a new thread."""

_THREADS = """
    SELECT thread.user_id, thread.id, thread.token_count, thread.activity_due_at IS NULL,
        coalesce(sum(run.input_tokens + run.output_tokens), 0), count(*) FILTER (WHERE run.folded_at IS NULL)
    FROM conversations_thread thread
    JOIN conversations_run run ON run.thread_id = thread.id AND run.finished_at IS NOT NULL
    GROUP BY thread.id ORDER BY thread.id
"""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()
"""
_forks = get_context("fork")


def audit() -> Iterator[str]:
    """Say where totals are not the sum of the committed runs, each counted once."""
    newest: dict[int, tuple[int, int]] = {}
    for user_id, thread_id, total, is_settled, used, unfolded in _rows(_THREADS):
        if (total, is_settled, unfolded) != (used, True, 0):
            yield f"thread {thread_id}: {total} of {used} tokens, {unfolded} runs left"
        newest[user_id] = (thread_id, int(used))
    counted = UserActivity.objects.values_list("user_id", "thread_id", "thread_token_count")
    found = {user_id: (thread_id, tokens) for user_id, thread_id, tokens in counted}
    for user_id in newest.keys() | found.keys():
        if newest.get(user_id) != found.get(user_id):
            yield f"user {user_id}: {found.get(user_id)} instead of {newest.get(user_id)}"


def _rows(query: str, *parameters: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _run(kills: int, seed: int) -> Verdict:
    chance = random.Random(seed)
    user_ids = _make_users()
    connection.close()  # forked processes must not share it
    committers = [_started(_commit_for_ever, user_ids, chance.getrandbits(32)) for _ in range(COMMITTERS)]
    hits = _kill(kills, chance)
    for committer in committers:
        _end(committer)
    _settle()
    return Verdict(kills, hits, Run.objects.count(), list(audit()))


def _make_users() -> list[int]:
    channel = Channel.objects.create(slug="folding", kind="simulator")
    users = WhatsAppUser.objects.bulk_create(WhatsAppUser(channel=channel) for _ in range(USERS))
    return [user.pk for user in users]


def _kill(kills: int, chance: random.Random) -> int:
    """Let processes fold, and kill one of them `kills` times; returns how many were in a fold just then."""
    is_folding = [_forks.Value("b", 0) for _ in range(FOLDERS)]
    folders = [_started(_fold_for_ever, flag) for flag in is_folding]
    hits = 0
    for _ in range(kills):
        time.sleep(chance.uniform(*LIFE_SECONDS))
        victim = chance.randrange(FOLDERS)
        _end(folders[victim])
        hits += is_folding[victim].value
        is_folding[victim] = _forks.Value("b", 0)
        folders[victim] = _started(_fold_for_ever, is_folding[victim])
    for folder in folders:
        _end(folder)
    return hits


def _started(work: Callable[..., None], *arguments: object) -> BaseProcess:
    process = _forks.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def _end(process: BaseProcess) -> None:
    if not process.is_alive():
        raise RuntimeError(f"a process ended by itself with code {process.exitcode}")
    process.kill()
    process.join()


def _fold_for_ever(is_folding: "Synchronized[int]") -> None:
    connection.ensure_connection()
    while True:
        is_folding.value = 1
        activity.fold_due(100)
        is_folding.value = 0


def _commit_for_ever(user_ids: list[int], seed: int) -> None:
    chance = random.Random(seed)
    while True:
        with transaction.atomic():
            user = WhatsAppUser.objects.select_for_update(no_key=True).get(pk=chance.choice(user_ids))
            _commit(user, chance)


def _commit(user: WhatsAppUser, chance: random.Random) -> None:
    thread = open_thread(user)
    if chance.random() < NEW_THREAD:
        summaries.begin_anew(thread, "", leaving=(), reason="too_old")
        thread = open_thread(user)
    run = usage.begin_run(thread, epoch=1)
    used = Usage(input_tokens=chance.randint(1, 400), output_tokens=chance.randint(1, 100))
    usage.complete_run(run, provider="openai", model="gpt-5.4-mini", usage=used)


def _settle() -> None:
    """Wait until what the killed processes asked for is over, and fold the rest."""
    while _rows(_OTHERS, APPLICATION)[0][0]:
        time.sleep(0.02)
    while activity.fold_due(1000):
        pass


def main() -> None:
    """Print the verdict as JSON; the arguments are the number of kills and the seed."""
    connection.settings_dict["OPTIONS"]["application_name"] = APPLICATION
    kills, seed = map(int, sys.argv[1:])
    print(json.dumps(asdict(_run(kills, seed))))
